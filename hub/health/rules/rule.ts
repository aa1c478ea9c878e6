/** What a rule of health is: it looks at what is known now and says what is the matter. It is told all there is, and waits for nothing. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { HubMember } from '../../cluster/cluster.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { HubOptions } from '../../options.ts';
import type { OutputStatus } from '../../outputs/output.ts';
import type { QueueLimits } from '../../queue/limits.ts';
import type { QueueStatus } from '../../queue/queue.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { SeenAgent } from '../known-agents.ts';
import type { TakingListener } from '../listener-facts.ts';
import type { MachineFacts } from './machine-facts.ts';

export interface RuleFacts {
  readonly nowMs: number;
  readonly monotonicMs: number;
  readonly hubId: Id;
  readonly version: string;
  readonly options: HubOptions;
  /** Undefined before the store answered for the first time. */
  readonly queue: QueueStatus | undefined;
  readonly queueLimits: QueueLimits;
  readonly agents: readonly SeenAgent[];
  readonly members: readonly HubMember[];
  readonly outputs: readonly OutputStatus[];
  readonly listeners: readonly TakingListener[];
  /** What this hub had turned away since its start, by reason. */
  readonly turnedAway: Readonly<Record<string, number>>;
  readonly machine: MachineFacts;
}

export interface Rule {
  /** All that it may find: what it does not find any more is cleared. */
  readonly kinds: readonly FindingKind[];
  look(facts: RuleFacts, options: HealthRules): readonly Finding[];
}

/** Red or yellow by two steps; undefined below both. */
export function levelOf(
  figure: number,
  { yellow, red }: { readonly yellow: number; readonly red: number },
): Finding['level'] | undefined {
  if (figure >= red) return 'red';
  return figure >= yellow ? 'yellow' : undefined;
}

/** A moment as reasons name it: one that does not change while the reason lasts. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
