/**
 * Decides when an object is due and which entries it holds: a fixed range, never over an hour boundary of receive time.
 */
import { requestDelayMs } from './limits.ts';

export interface MeasuredEntry {
  readonly sequence: number;
  readonly receivedMs: number;
  readonly inflatedBytes: number;
}

export interface PlanRules {
  readonly objectBytes: number;
  readonly rollIntervalMs: number;
}

export interface PlanMoment {
  /** By the clock on the wall, which may be set back behind the receive times, as these never go back. */
  readonly nowMs: number;
  /** How long the oldest entry has been seen waiting: ends the wait whatever the clock says. */
  readonly waitedMs: number;
  /** Somebody waits for the archive: what is there is due as soon as a little has gathered. */
  readonly requested: boolean;
}

export type PlanChoice =
  | { readonly kind: 'due'; readonly first: MeasuredEntry; readonly last: MeasuredEntry }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'empty' };

const hourMs = 3_600_000;

/** `backlog` is what the group has not passed yet, in order. */
export function choosePlan(backlog: readonly MeasuredEntry[], rules: PlanRules, moment: PlanMoment): PlanChoice {
  const [first] = backlog;
  if (first === undefined) return { kind: 'empty' };
  const { nowMs, waitedMs, requested } = moment;
  let last = first;
  let bytes = 0;
  let isClosed = false;
  for (const entry of backlog) {
    if (hourOf(entry.receivedMs) !== hourOf(first.receivedMs)) {
      isClosed = true;
      break;
    }
    last = entry;
    bytes += entry.inflatedBytes;
    if (bytes >= rules.objectBytes) {
      isClosed = true;
      break;
    }
  }
  const rollMs = requested ? Math.min(requestDelayMs, rules.rollIntervalMs) : rules.rollIntervalMs;
  const dueMs = Math.min(first.receivedMs + rollMs, (hourOf(first.receivedMs) + 1) * hourMs);
  const waitMs = Math.min(dueMs - nowMs, rollMs - waitedMs);
  if (isClosed || waitMs <= 0) return { kind: 'due', first, last };
  return { kind: 'wait', ms: waitMs };
}

function hourOf(ms: number): number {
  return Math.floor(ms / hourMs);
}
