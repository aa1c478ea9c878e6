/**
 * How far the clocks of agents are from the hub's, from when they say that something happened and when it came. What comes may have waited
 * anywhere on its way, so a document that is late says little: the least delay of the last ones counts, and only while they come at the pace
 * at which they were made, as what had waited comes in one go. One from the future can have no other reason than a clock.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { asFields } from '@tributary/protocol/platform/document.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { PlatformDocument } from '../../measurements/platform-document.ts';
import type { Finding } from '../findings.ts';
import { agentsToldMax } from './limits.ts';
import { levelOf, type Rule, type RuleFacts } from './rule.ts';

interface Sample {
  readonly atMs: number;
  readonly receivedMs: number;
}

/** The agent itself told that its clock was set: what was known of it is nothing any more. */
const settings: ReadonlySet<string> = new Set(['clock-set-back', 'clock-set-forward']);
const samplesMax = 4;
/** Documents of one moment are one sample. */
const apartMs = 500;

export class ClockSkew implements Rule {
  readonly kinds = ['clock-skew'] as const;
  readonly #samples = new Map<Id, Sample[]>();
  /** Where the clock was set: what comes next counts at once. */
  readonly #set = new Set<Id>();

  take({ agentId, action, atMs, receivedMs, fields }: PlatformDocument): void {
    if (asFields(fields['agent'])['type'] !== 'tributary') return;
    const isSet = settings.has(action);
    if (isSet) this.#forget(agentId);
    const samples = this.#samples.get(agentId) ?? this.#begun(agentId);
    if (isSet) this.#set.add(agentId);
    const last = samples.at(-1);
    if (last !== undefined && Math.abs(atMs - last.atMs) < apartMs) return;
    if (samples.length >= 2) this.#set.delete(agentId);
    if (samples.length >= samplesMax) samples.shift();
    samples.push({ atMs, receivedMs });
  }

  /** Agents of which another hub reads what they tell. */
  keepOnly(isOurs: (agentId: Id) => boolean): void {
    for (const agentId of this.#samples.keys()) if (!isOurs(agentId)) this.#forget(agentId);
  }

  look({ agents }: RuleFacts, { clock_skew: steps }: HealthRules): readonly Finding[] {
    if (!steps.enabled) return [];
    return agents.flatMap(({ agentId, host, connected }) => {
      const skewMs = connected ? this.skewOf(agentId) : undefined;
      const level = skewMs === undefined ? undefined : levelOf(Math.abs(skewMs), steps);
      if (skewMs === undefined || level === undefined) return [];
      const far = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'behind' : 'ahead of'}`;
      const reason = `the clock of agent ${agentId} on ${printable(host)} is ${far} the hub's: records that it dates have wrong times; let its machine keep time (chrony, systemd-timesyncd)`;
      return [{ kind: 'clock-skew', subject: agentId, level, reason }];
    });
  }

  /** Of too many agents the one that was heard of first is forgotten: what is known of it is known again soon. */
  #begun(agentId: Id): Sample[] {
    const [first] = this.#samples.keys();
    if (first !== undefined && this.#samples.size >= agentsToldMax) this.#forget(first);
    const samples: Sample[] = [];
    this.#samples.set(agentId, samples);
    return samples;
  }

  #forget(agentId: Id): void {
    this.#samples.delete(agentId);
    this.#set.delete(agentId);
  }

  /** Behind is more than none, ahead less; undefined: nobody knows. */
  skewOf(agentId: Id): number | undefined {
    const samples = this.#samples.get(agentId) ?? [];
    const last = samples.at(-1);
    if (last === undefined) return undefined;
    const least = Math.min(...samples.map(delayOf));
    if (least < 0 || this.#set.has(agentId)) return delayOf(last) < 0 ? delayOf(last) : Math.max(0, least);
    const before = samples.at(-2);
    if (before === undefined) return undefined;
    const isLive = last.receivedMs - before.receivedMs >= (last.atMs - before.atMs) / 2;
    return isLive && samples.length >= 3 ? least : undefined;
  }
}

function delayOf({ atMs, receivedMs }: Sample): number {
  return receivedMs - atMs;
}
