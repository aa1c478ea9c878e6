/** Agents whose identity more than one machine uses, among what a person ought to know now. */
import type { Clock } from '@tributary/shared/clock.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { Finding, Findings } from '../health/findings.ts';
import type { Agent, Registry } from '../registry/registry.ts';

/** A copy that did not come for so long was switched off, or made a new agent. One that is refused comes twice a minute. */
const copyMs = 3_600_000;
const lookMs = 60_000;
/** Changes of many agents that come at once are looked at together. */
const gatherMs = 250;

export interface CloneFindingsParts {
  readonly registry: Pick<Registry, 'agents' | 'onChanged'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
}

/** Until aborted. */
export async function watchClones({ registry, findings, clock }: CloneFindingsParts, signal: AbortSignal): Promise<void> {
  let changed = Promise.withResolvers<void>();
  const unfollow = registry.onChanged(() => changed.resolve());
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      findings.set('agent-cloned', cloneFindings(registry.agents(), clock.now()));
      const waiting = new AbortController();
      const either = AbortSignal.any([signal, waiting.signal]);
      await Promise.race([changed.promise, clock.sleep(lookMs, either).catch(() => undefined)]);
      waiting.abort();
      if (!signal.aborted) await clock.sleep(gatherMs, signal).catch(() => undefined);
    }
  } finally {
    unfollow();
  }
}

export function cloneFindings(agents: readonly Agent[], nowMs: number): Finding[] {
  return agents.flatMap((agent) => findingOf(agent, nowMs) ?? []);
}

const advice = 'run tributary-agent enroll --renew TOKEN on the copy, which makes it a new agent';

function findingOf({ agentId, host, state, refusedCopy }: Agent, nowMs: number): Finding | undefined {
  const subject = `${agentId} ${printable(host)}`;
  if (state === 'cloned') {
    const reason = `two machines use the identity of agent ${subject}, and both are refused: ${advice}`;
    return { kind: 'agent-cloned', subject, level: 'red', reason };
  }
  if (state === 'revoked' || refusedCopy === undefined || nowMs - refusedCopy.seenMs > copyMs) return undefined;
  const reason = `a copy of agent ${subject} on another machine, at ${refusedCopy.address}, is refused: ${advice}`;
  return { kind: 'agent-cloned', subject, level: 'yellow', reason };
}
