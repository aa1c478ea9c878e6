/** Entries that were set aside: put into their topic again, or dropped. */
import { hasRoom, insertRow } from './append.ts';
import type { Store } from './store.ts';

export interface ReplayDeadArgument {
  readonly nowMs: number;
  readonly number: number;
}

export function replayDeadEntry(store: Store, { nowMs, number }: ReplayDeadArgument): 'done' | 'gone' | 'full' {
  const found = store.deadLetters.find(number);
  if (found === undefined) return 'gone';
  const { topic: id, ...entry } = found;
  const topic = store.topics.byId(id);
  if (!hasRoom(store, topic)) return 'full';
  insertRow(store, topic, { ...entry, nowMs });
  store.deadLetters.remove(number);
  return 'done';
}

export function dropDeadEntries(store: Store, { numbers }: { readonly numbers: readonly number[] }): number {
  return numbers.filter((number) => store.deadLetters.remove(number)).length;
}
