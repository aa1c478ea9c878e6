/**
 * What is refused, fails and is tried again, when it is much of it within a short time. What an output fails at while it tells what is the matter
 * belongs to that, and is over with it.
 */
import { printable } from '@tributary/shared/printable.ts';
import { formatDuration } from '@tributary/shared/options/units.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { FindingKind, Finding } from '../findings.ts';
import type { Rule, RuleFacts } from './rule.ts';

interface Counted {
  readonly kind: Extract<FindingKind, 'listener-errors' | 'output-errors'>;
  readonly subject: string;
  readonly count: number;
  readonly reason: string;
  readonly isTold: boolean;
}

/** Why others than agents were turned away: a browser that knows nothing of the hub's authority is no trouble of the listener of agents. */
const notOfAgents = /^(?:http-.+|api-token|token-on-plain-port)$/;

/** Of the counts of outputs: what each kind of them counts when something goes wrong. */
const failures = ['again', 'refused', 'rejected', 'failures'];

export class Errors implements Rule {
  readonly kinds = ['listener-errors', 'output-errors'] as const;
  /** By kind and subject: the counts of the last looks, the oldest first. */
  readonly #looks = new Map<string, { atMs: number; count: number }[]>();

  look(facts: RuleFacts, { errors: { enabled, count: most, within } }: HealthRules): readonly Finding[] {
    const counted = countedOf(facts);
    const keys = new Set(counted.map(({ kind, subject }) => `${kind} ${subject}`));
    for (const key of this.#looks.keys()) if (!keys.has(key)) this.#looks.delete(key);
    return counted.flatMap(({ kind, subject, count, reason, isTold }) => {
      if (isTold) this.#looks.delete(`${kind} ${subject}`);
      const looks = this.#looks.getOrInsertComputed(`${kind} ${subject}`, () => []);
      looks.push({ atMs: facts.monotonicMs, count });
      // The look before the window stays: what came since is what counts.
      while (looks.length > 2 && (looks[1]?.atMs ?? 0) <= facts.monotonicMs - within) looks.shift();
      const came = count - (looks[0]?.count ?? count);
      // It is over once nothing more came for a quarter of the window: that the window is over is not waited for.
      const lately = looks.findLast(({ atMs }) => atMs <= facts.monotonicMs - within / 4);
      if (!enabled || came < most || lately?.count === count) return [];
      return [
        { kind, subject, level: 'yellow', reason: `${reason} (${most} or more within ${formatDuration(within)})` } as const,
      ];
    });
  }
}

function countedOf({ listeners, outputs, turnedAway, hubId }: RuleFacts): Counted[] {
  const away = Object.entries(turnedAway)
    .filter(([reason]) => !notOfAgents.test(reason))
    .toSorted(([, one], [, other]) => other - one);
  return [
    ...listeners.map(({ name, refused }) => ({
      kind: 'listener-errors' as const,
      subject: `${hubId} ${name}`,
      count: refused + (name === 'agents' ? away.reduce((sum, [, count]) => sum + count, 0) : 0),
      reason: refusalText(name, away),
      isTold: false,
    })),
    ...outputs.map(({ name, counts, trouble }) => ({
      kind: 'output-errors' as const,
      subject: name,
      count: failures.reduce((sum, what) => sum + (counts[what] ?? 0), 0),
      reason: `output ${name} has to send again, or cannot send, much of what it has: see the log of the hubs for what is wrong with it`,
      isTold: trouble !== '',
    })),
  ];
}

function refusalText(name: string, away: readonly (readonly [string, number])[]): string {
  const most = name === 'agents' && away[0] !== undefined ? `, most of all for: ${away[0][0]}` : '';
  return `listener ${printable(name)} refuses much of what comes${most}; the log tells who comes and why it is refused`;
}
