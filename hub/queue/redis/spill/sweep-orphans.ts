/** Removes objects that no entry names: a crash between the put and the append, or between the trim and the delete, leaves them. */
import type { ObjectName, ObjectStore } from './object-store.ts';

export interface SweepOptions {
  readonly store: ObjectStore;
  readonly nowMs: number;
  /** Those of these names that are named by an entry, or may still be. */
  readonly known: (names: readonly ObjectName[]) => Promise<ReadonlySet<ObjectName>>;
}

/** Younger ones may belong to an append that is under way. */
export const orphanAgeMsMin = 3_600_000;
const namesAtOnce = 500;

/** Resolves with how many were removed. */
export async function sweepOrphans({ store, nowMs, known }: SweepOptions): Promise<number> {
  let removed = 0;
  let names: ObjectName[] = [];
  const settle = async (): Promise<void> => {
    const kept = await known(names);
    for (const name of names) {
      if (kept.has(name)) continue;
      await store.delete(name);
      removed += 1;
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
