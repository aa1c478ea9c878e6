/** Programs that do not fit each other: hubs of one site with several versions for longer than an upgrade takes, agents that are too new or too old. */
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { Finding } from '../findings.ts';
import type { Rule, RuleFacts } from './rule.ts';

type Version = readonly [major: number, minor: number, patch: number];

export class VersionSkew implements Rule {
  readonly kinds = ['version-skew'] as const;
  readonly #sinceMs = new Map<string, number>();

  look(facts: RuleFacts, { version_skew: { enabled, after } }: HealthRules): readonly Finding[] {
    const skewed = enabled ? [...skewedHubs(facts), ...skewedAgents(facts)] : [];
    const known = new Set(skewed.map(({ subject }) => subject));
    for (const subject of this.#sinceMs.keys()) if (!known.has(subject)) this.#sinceMs.delete(subject);
    return skewed.filter(({ subject }) => facts.monotonicMs - this.#sinceMs.getOrInsert(subject, facts.monotonicMs) >= after);
  }
}

/** Each that is older than the newest one. */
function skewedHubs({ members }: RuleFacts): Finding[] {
  const newest = newestOf(members.map(({ version }) => version));
  return members
    .filter(({ version }) => isOlder(version, newest))
    .map(({ hubId, host, version }) => {
      const reason = `hub ${printable(host)} has version ${printable(version)}, another one of this site ${printable(newest)}: bring the upgrade to its end`;
      return { kind: 'version-skew', subject: `hub ${hubId}`, level: 'yellow', reason };
    });
}

/** Against the newest hub: that the others are to be upgraded is told of them, once, and not of each agent. Very many agents have few versions: each is looked at once. */
function skewedAgents({ agents, members, version: own }: RuleFacts): Finding[] {
  const newest = newestOf([own, ...members.map(({ version }) => version)]);
  const troubles = new Map<string, string | undefined>();
  return agents.flatMap(({ agentId, host, version = '', connected }) => {
    const trouble = connected ? troubles.getOrInsertComputed(version, () => troubleOf(version, newest)) : undefined;
    if (trouble === undefined) return [];
    const reason = `agent ${agentId} on ${printable(host)} has version ${printable(version)}, ${trouble}`;
    return [{ kind: 'version-skew', subject: `agent ${agentId}`, level: 'yellow', reason } as const];
  });
}

function troubleOf(version: string, hubs: string): string | undefined {
  const told = versionOf(version);
  const ours = versionOf(hubs);
  if (told === undefined || ours === undefined) return undefined;
  if (isOlder(hubs, version)) return `newer than the hubs (${hubs}): upgrade the hubs first`;
  const isTooOld = told[0] < ours[0] || (told[0] === ours[0] && told[1] < ours[1] - 1);
  return isTooOld ? `more than one minor version older than the hubs (${hubs}): upgrade it` : undefined;
}

function newestOf(versions: readonly string[]): string {
  return versions.reduce((most, one) => (isOlder(most, one) ? one : most), '');
}

function isOlder(one: string, than: string): boolean {
  const [left, right] = [versionOf(one), versionOf(than)];
  if (left === undefined || right === undefined) return left === undefined && right !== undefined && one === '';
  return (left[0] - right[0] || left[1] - right[1] || left[2] - right[2]) < 0;
}

/** Undefined of what is no version, such as that of a program run from its sources. */
function versionOf(text: string): Version | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}
