/**
 * What one receiver was told, and what it is to be told next. Pure: it is shown what stands, and asked for a message.
 *
 *   not told ──(stands for `groupWaitMs`, or goes with others)──► told ──(gone for `resolveAfterMs`)──► told as resolved
 *
 * What comes and goes within the wait is not told at all. One that comes back within the hour after it was told as resolved has to be
 * gone for twice as long the next time, and so on, so that what flaps is told ever more seldom.
 */
import * as z from 'zod';
import { nodeKind } from '../dashboard/api/health-shapes.ts';
import { type Alert, type AlertChange, type AlertItem, byGravity, keyOf, shownKeyOf } from './alert.ts';
import { keptReasonMax, listedMax, resolveAfterMaxMs, returnWithinMs, toldMax } from './limits.ts';

export interface AlertTiming {
  readonly groupWaitMs: number;
  readonly intervalMs: number;
  readonly resolveAfterMs: number;
  readonly repeatMs: number;
}

export interface Held {
  readonly isSilenced: (alert: Alert) => boolean;
  readonly isAcknowledged: (alert: Alert) => boolean;
  /** Neither that it is there nor that it is gone is told now. */
  readonly isForLater: (alert: Alert) => boolean;
  /** Nobody knows whether it is gone where it is not there: it counts as there. */
  readonly isUnknown: (alert: Alert) => boolean;
}

/** What goes into a message. */
export interface Told {
  readonly items: readonly AlertItem[];
  readonly counts: Readonly<Record<AlertChange, number>>;
  readonly standing: { readonly red: number; readonly yellow: number };
}

const stored = z.strictObject({
  told: z.array(
    z.strictObject({
      alert: z.strictObject({
        node: z.string(),
        nodeKind,
        name: z.string(),
        owners: z.union([z.literal('site'), z.array(z.string())]),
        kind: z.string(),
        subject: z.string(),
        level: z.enum(['yellow', 'red']),
        reason: z.string(),
        sinceMs: z.number(),
      }),
      toldMs: z.number(),
      returns: z.int(),
    }),
  ),
  resolved: z.array(z.strictObject({ key: z.string(), atMs: z.number(), returns: z.int() })),
  lastMs: z.number(),
});

/** Of a receiver, as it is stored. */
export const bookState = stored;
export type BookState = z.output<typeof stored>;

interface Entry {
  /** As it was told. */
  readonly alert: Alert;
  readonly toldMs: number;
  /** How often it came back lately. */
  readonly returns: number;
}

export class AlertBook {
  readonly #told = new Map<string, Entry>();
  readonly #resolved = new Map<string, { readonly atMs: number; readonly returns: number }>();
  /** Since when something is to be told, or is gone: by the clock that is never set. */
  readonly #waiting = new Map<string, number>();
  readonly #gone = new Map<string, number>();
  #standing: readonly Alert[] = [];
  #acknowledged: ReadonlySet<string> = new Set();
  #lastMs = 0;

  constructor(state?: BookState) {
    for (const { alert, toldMs, returns } of state?.told ?? []) this.#told.set(keyOf(alert), { alert, toldMs, returns });
    for (const { key, atMs, returns } of state?.resolved ?? []) this.#resolved.set(key, { atMs, returns });
    this.#lastMs = state?.lastMs ?? 0;
  }

  get state(): BookState {
    return {
      told: [...this.#told.values()].map(({ alert, toldMs, returns }) => ({
        alert: { ...alert, owners: alert.owners === 'site' ? alert.owners : [...alert.owners] },
        toldMs,
        returns,
      })),
      resolved: [...this.#resolved].map(([key, { atMs, returns }]) => ({ key, atMs, returns })),
      lastMs: this.#lastMs,
    };
  }

  /** Nobody knows whether these were told: they count as told, until they are over, get worse or have to be told again. */
  assume(alerts: readonly Alert[], nowMs: number): void {
    for (const alert of alerts.toSorted(byGravity).slice(0, toldMax))
      this.#told.set(keyOf(alert), { alert: kept(alert), toldMs: nowMs, returns: 0 });
  }

  /** What stands and is of this receiver. */
  look(standing: readonly Alert[], held: Held, nowMonotonicMs: number): void {
    const seen = standing.filter((alert) => !held.isSilenced(alert) && !held.isForLater(alert));
    // Those that were told come first, so that a flood does not push out what is told as resolved then.
    const known = seen.filter((alert) => this.#told.has(keyOf(alert)));
    const others = seen.filter((alert) => !this.#told.has(keyOf(alert)) && !held.isAcknowledged(alert)).toSorted(byGravity);
    this.#standing = [...known, ...others].slice(0, toldMax);
    const waits = new Set<string>();
    for (const alert of this.#standing) {
      const key = keyOf(alert);
      const entry = this.#told.get(key);
      const isNews = entry === undefined || (entry.alert.level !== alert.level && !held.isAcknowledged(alert));
      if (isNews) waits.add(key);
      if (isNews && !this.#waiting.has(key)) this.#waiting.set(key, nowMonotonicMs);
    }
    for (const key of this.#waiting.keys()) if (!waits.has(key)) this.#waiting.delete(key);
    this.#lookForGone(standing, held, nowMonotonicMs);
    this.#acknowledged = new Set(known.filter((alert) => held.isAcknowledged(alert)).map(keyOf));
  }

  /** Undefined: there is nothing to tell yet. What is given counts as told. */
  take(timing: AlertTiming, { nowMs, monotonicMs }: { readonly nowMs: number; readonly monotonicMs: number }): Told | undefined {
    const ended = [...this.#gone].filter(([key, sinceMs]) => monotonicMs - sinceMs >= this.#resolveAfter(key, timing));
    const repeated = this.#standing.filter((alert) => this.#isRepeated(alert, timing, nowMs));
    const isDue = [...this.#waiting.values()].some((sinceMs) => monotonicMs - sinceMs >= timing.groupWaitMs);
    // A clock that was set back does not keep anything from being told.
    const sinceLastMs = nowMs - this.#lastMs;
    if (!isDue && ended.length + repeated.length === 0) return undefined;
    if (sinceLastMs >= 0 && sinceLastMs < timing.intervalMs) return undefined;
    const items = [
      ...this.#raised(nowMs),
      ...ended.flatMap(([key]) => this.#resolve(key, nowMs)),
      ...repeated.flatMap((alert) => this.#repeat(alert, nowMs)),
    ];
    this.#lastMs = nowMs;
    this.#forget(nowMs);
    return toldOf(items, [...this.#told.values()]);
  }

  #lookForGone(standing: readonly Alert[], held: Held, nowMonotonicMs: number): void {
    const all = new Set(standing.map(keyOf));
    for (const [key, { alert }] of this.#told) {
      const isForLater = held.isForLater(alert) && !held.isSilenced(alert);
      if (all.has(key) || isForLater || held.isUnknown(alert)) this.#gone.delete(key);
      else if (held.isSilenced(alert)) this.#drop(key);
      else if (!this.#gone.has(key)) this.#gone.set(key, nowMonotonicMs);
    }
  }

  /** Nobody is told that what is silenced is over. */
  #drop(key: string): void {
    this.#told.delete(key);
    this.#gone.delete(key);
  }

  #resolveAfter(key: string, { resolveAfterMs }: AlertTiming): number {
    const returns = this.#told.get(key)?.returns ?? 0;
    return Math.max(resolveAfterMs, Math.min(resolveAfterMs * 2 ** returns, resolveAfterMaxMs));
  }

  #isRepeated(alert: Alert, { repeatMs }: AlertTiming, nowMs: number): boolean {
    const key = keyOf(alert);
    const entry = this.#told.get(key);
    return entry !== undefined && nowMs - entry.toldMs >= repeatMs && !this.#waiting.has(key) && !this.#acknowledged.has(key);
  }

  #raised(nowMs: number): AlertItem[] {
    const items: AlertItem[] = [];
    for (const alert of this.#standing) {
      const key = keyOf(alert);
      if (!this.#waiting.delete(key)) continue;
      const before = this.#told.get(key);
      const last = this.#resolved.get(key);
      const returned = last !== undefined && nowMs - last.atMs < returnWithinMs ? last.returns + 1 : 0;
      this.#told.set(key, { alert: kept(alert), toldMs: nowMs, returns: before?.returns ?? returned });
      this.#resolved.delete(key);
      const change = before === undefined ? 'raised' : alert.level === 'red' ? 'worse' : 'better';
      items.push(itemOf(alert, change));
    }
    return items;
  }

  #resolve(key: string, nowMs: number): AlertItem[] {
    const entry = this.#told.get(key);
    this.#drop(key);
    if (entry === undefined) return [];
    this.#resolved.set(key, { atMs: nowMs, returns: entry.returns });
    return [itemOf(entry.alert, 'resolved')];
  }

  #repeat(alert: Alert, nowMs: number): AlertItem[] {
    const key = keyOf(alert);
    const entry = this.#told.get(key);
    if (entry === undefined) return [];
    this.#told.set(key, { ...entry, alert: kept(alert), toldMs: nowMs });
    return [itemOf(alert, 'lasts')];
  }

  #forget(nowMs: number): void {
    for (const [key, { atMs }] of this.#resolved) if (nowMs - atMs >= returnWithinMs) this.#resolved.delete(key);
    for (const key of [...this.#resolved.keys()].slice(0, Math.max(0, this.#resolved.size - toldMax))) this.#resolved.delete(key);
  }
}

function itemOf(alert: Alert, change: AlertChange): AlertItem {
  const { node, name, owners, kind, level, reason, sinceMs } = alert;
  return { key: shownKeyOf(alert), node, nodeKind: alert.nodeKind, name, owners, kind, level, reason, sinceMs, change };
}

function kept(alert: Alert): Alert {
  return { ...alert, reason: alert.reason.slice(0, keptReasonMax) };
}

const order: Readonly<Record<AlertChange, number>> = { raised: 0, worse: 0, lasts: 1, better: 2, resolved: 3 };

function toldOf(items: readonly AlertItem[], standing: readonly Entry[]): Told {
  const counts = { raised: 0, worse: 0, better: 0, resolved: 0, lasts: 0 };
  for (const { change } of items) counts[change] += 1;
  const red = standing.filter(({ alert }) => alert.level === 'red').length;
  const sorted = items.toSorted((one, other) => order[one.change] - order[other.change] || byGravity(one, other));
  return { items: sorted.slice(0, listedMax), counts, standing: { red, yellow: standing.length - red } };
}
