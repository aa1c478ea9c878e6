import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontTopic, type DeadEntry } from '../../queue/queue.ts';
import { oldDeadEntries, type OldDeadEntriesParts } from './old-dead-letters.ts';

test('of more entries than are listed at a time all old ones go, and few are in memory at a time', async () => {
  const all = 12_000;
  const left = new Set(Array.from({ length: all }, (_, index) => index + 1));
  let largest = 0;
  const queue: OldDeadEntriesParts['queue'] = {
    partitions: 1,
    deadEntries: async ({ after }, { entries }) => {
      const page = [...left].filter((number) => number > after).slice(0, entries);
      largest = Math.max(largest, page.length);
      return page.map((number) => entryOf(number, number === all ? 2000 : 1));
    },
    dropDeadEntries: async (_, numbers) => numbers.filter((number) => left.delete(number)).length,
  };
  const kind = oldDeadEntries({ queue, retention: () => () => 1000 });
  // As a run does it: what was planned goes while the plan goes on.
  for await (const removal of kind.plan(2500)) await kind.remove(removal, () => undefined);
  assert.deepEqual([...left], [all]);
  assert.ok(largest <= 1000, `${largest} entries at a time`);
});

function entryOf(number: number, atMs: number): DeadEntry {
  const place = { topic: frontTopic('shop/web'), group: 'pipeline', partition: 0, sequence: number };
  return { ...place, number, bytes: 10, records: 1, atMs, receivedMs: 1, reason: 'breaks it' };
}
