/** What may go after a time: positions of streams that ended, and rows of objects that are gone. */
import assert from 'node:assert/strict';
import type { ArchiveObject, KnownStream, Queue } from '../queue.ts';
import { testAgentId, testBatch, testKey, testStream } from '../fixture.ts';
import type { ContractTest } from './contract-test.ts';
import { appendThrough, ownedPlace, placeOf, testObject, testPlan } from './steps.ts';

async function streamsOf(queue: Queue, after = 0): Promise<readonly KnownStream[]> {
  return queue.streams({ partition: queue.partitionOf(testAgentId), after }, { entries: 100 });
}

async function archived(queue: Queue, first: number, last: number): Promise<ArchiveObject> {
  const own = await ownedPlace(queue, 'archive');
  const plan = testPlan(first, last, own.partition);
  await queue.plan(own, plan);
  const object = testObject(plan);
  assert.equal(await queue.commit({ lease: own, to: last, archived: { plan, object, segments: [] } }), 'done');
  return object;
}

export const housekeepingContract: readonly ContractTest[] = [
  [
    `a stream that is closed where it is held is forgotten after a time, and its channel keeps its sums`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      for (const number of [1, 2, 3]) await queue.openStream(testStream(number));
      await appendThrough(queue, 1, 0, 10);
      await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }]));
      await queue.recordGap(testKey(1), { from: 10, to: 25, toMark: '', cause: 'dropped' });
      await appendThrough(queue, 2, 0, 30);
      const [before] = (await queue.status()).channels;
      assert.partialDeepStrictEqual(before, { streams: 3, positions: 55, lost: 15, gaps: 1, duplicates: 10 });
      await queue.closeStream(testKey(1), 25);
      await queue.closeStream(testKey(2), 20);
      const [first, second, third] = await streamsOf(queue);
      assert.partialDeepStrictEqual(first, { key: testKey(1), channel: 'acme/nginx', held: 25, closed: { position: 25 } });
      assert.partialDeepStrictEqual(second, { held: 30, closed: { position: 20 } });
      assert.equal(third?.closed, undefined);
      const atMs = first?.closed?.atMs ?? 0;
      fixture.advance(1000);
      await queue.closeStream(testKey(1), 25);
      assert.equal((await streamsOf(queue))[0]?.closed?.atMs, atMs);
      const { partition } = placeOf(queue, 'any');
      const keys = [testKey(1), testKey(2), testKey(3), testKey(4)];
      assert.equal(await queue.forgetStreams(partition, keys, atMs), 0);
      assert.equal(await queue.forgetStreams(partition, keys, atMs + 1), 1);
      assert.equal(await queue.forgetStreams(partition, keys, atMs + 1), 0);
      assert.deepEqual(
        (await streamsOf(queue)).map(({ key }) => key),
        [testKey(2), testKey(3)],
      );
      assert.deepEqual(
        (await streamsOf(queue, second?.row)).map(({ key }) => key),
        [testKey(3)],
      );
      assert.deepEqual(await queue.gaps(), []);
      await fixture.reopen();
      assert.deepEqual((await fixture.queue.status()).channels, [{ ...before, streams: 2 }]);
      assert.deepEqual(await fixture.queue.openStream(testStream(1, 5)), { held: 5, heldMark: '', archived: 5 });
      assert.partialDeepStrictEqual((await fixture.queue.status()).channels, [{ streams: 3, positions: 55 }]);
    },
  ],

  [
    `a group that began before a stream was forgotten knows the others`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      for (const number of [1, 2]) {
        await queue.openStream(testStream(number));
        await appendThrough(queue, number, 0, 10);
      }
      const place = placeOf(queue, 'late');
      await queue.ensureGroup({ topic: place.topic, group: 'late', policy: { kind: 'blocking' }, from: 'end' });
      await queue.closeStream(testKey(1), 10);
      fixture.advance(1000);
      const [first] = await streamsOf(queue);
      assert.equal(await queue.forgetStreams(place.partition, [testKey(1)], (first?.closed?.atMs ?? 0) + 1), 1);
      const beginnings = await queue.beginningsOf(place);
      assert.deepEqual([...beginnings.values()], [10]);
    },
  ],

  [
    `rows of objects that are gone are taken out once, and counted as removed`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await appendThrough(queue, 1, 0, 10, 20, 30);
      const objects = [await archived(queue, 1, 1), await archived(queue, 2, 3)];
      const [first, second] = objects;
      assert.ok(first !== undefined && second !== undefined);
      const sums = { channel: 'acme/nginx', objects: 2, records: 300, rawBytes: 300, objectBytes: 80, removed: 0 };
      assert.partialDeepStrictEqual((await queue.status()).archived, [sums]);
      const [read] = await queue.archiveObjects();
      assert.ok(read !== undefined);
      assert.equal(await queue.removeArchived([read]), 1);
      assert.equal(await queue.removeArchived([read]), 0);
      await fixture.reopen();
      assert.deepEqual(
        (await fixture.queue.archiveObjects()).map(({ name }) => name),
        [second.name],
      );
      const left = { objects: 1, records: 150, rawBytes: 150, objectBytes: 40, removed: 150 };
      assert.partialDeepStrictEqual((await fixture.queue.status()).archived, [left]);
    },
  ],
];
