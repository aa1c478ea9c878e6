/**
 * Removes objects that no entry names: a crash between the put and the append, or between the trim and the delete, leaves them. A Redis that
 * was started with an empty folder by mistake names none at all, so they stay for as long as somebody may need to notice.
 */
import type { ObjectName, ObjectStore } from './object-store.ts';

/** Objects that no entry named, by when that was seen first. */
export type Orphans = Map<ObjectName, number>;

export interface SweepOptions {
  readonly store: ObjectStore;
  readonly nowMs: number;
  /** As the sweep before left it. */
  readonly orphans: Orphans;
  /** Those of these names that are named by an entry, or may still be. */
  readonly known: (names: readonly ObjectName[]) => Promise<ReadonlySet<ObjectName>>;
}

/** Younger ones may belong to an append that is under way. */
export const orphanAgeMsMin = 3_600_000;
/** Since it was seen first that nobody names them. */
export const orphanKeptMs = 6 * 3_600_000;
const orphansMax = 100_000;
const namesAtOnce = 500;

/** Resolves with how many were removed. */
export async function sweepOrphans({ store, nowMs, orphans, known }: SweepOptions): Promise<number> {
  const before = new Map(orphans);
  orphans.clear();
  let removed = 0;
  let names: ObjectName[] = [];
  const settle = async (): Promise<void> => {
    const kept = await known(names);
    for (const name of names) {
      if (kept.has(name)) continue;
      const sinceMs = before.get(name) ?? nowMs;
      if (nowMs - sinceMs >= orphanKeptMs) {
        await store.delete(name);
        removed += 1;
      } else if (orphans.size < orphansMax) orphans.set(name, sinceMs);
    }
    names = [];
  };
  for await (const { name, modifiedMs } of store.list()) {
    if (nowMs - modifiedMs < orphanAgeMsMin) continue;
    names.push(name);
    if (names.length >= namesAtOnce) await settle();
  }
  if (names.length > 0) await settle();
  return removed;
}
