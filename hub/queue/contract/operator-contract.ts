/** What an operator does to reader groups by hand, and what those who pass on batches ask for. */
import assert from 'node:assert/strict';
import { testAgentId, testBatch, testKey, testMark, testStream } from '../fixture.ts';
import { type Queue, streamName } from '../queue.ts';
import type { ContractTest } from './contract-test.ts';
import { appendThrough, figuresOf, front, keptOf, lease, ownedPlace, placeOf, plenty, testPlan } from './steps.ts';

export const operatorContract: readonly ContractTest[] = [
  [
    `a paused group has no owner, also after a restart, and goes on where it was`,
    async (open) => {
      await using fixture = await open();
      await streamOf(fixture.queue, 10, 20, 30);
      const before = await ownedPlace(fixture.queue, 'g');
      await fixture.queue.commit({ lease: before, to: 1 });
      await fixture.queue.pauseGroup(front, 'g', true);
      assert.equal(await fixture.queue.commit({ lease: before, to: 2 }), 'fenced');
      assert.equal(await fixture.queue.renew(before, 60_000), undefined);
      await fixture.reopen();
      const { queue } = fixture;
      assert.equal(await queue.acquire(placeOf(queue, 'g'), 'another', 60_000), undefined);
      assert.partialDeepStrictEqual(await figuresOf(queue, 'g'), { paused: true, cursor: 1 });
      await queue.pauseGroup(front, 'g', false);
      await queue.pauseGroup(front, 'g', false);
      const after = lease(await queue.acquire(placeOf(queue, 'g'), 'another', 60_000));
      assert.ok(after.epoch > before.epoch);
      assert.equal(await queue.commit({ lease: after, to: 2 }), 'done');
      assert.equal((await figuresOf(queue, 'g'))?.paused, false);
      await assert.rejects(queue.pauseGroup(front, 'nobody', true), { code: 'QUEUE_UNKNOWN' });
    },
  ],

  [
    `a group is put back to what is retained, by sequence, time or to the beginning, and its sums follow`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0 });
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      const times: number[] = [];
      for (let from = 0; from < 50; from += 10) {
        await appendThrough(queue, 1, from, from + 10);
        times.push((await queue.measure({ ...placeOf(queue, 'g'), afterSequence: from / 10 })).entries[0]?.receivedMs ?? 0);
        fixture.advance(1000);
      }
      const own = await ownedPlace(queue, 'g');
      const place = placeOf(queue, 'g');
      await queue.commit({ lease: own, to: 5 });
      assert.deepEqual(await queue.seekGroup(place, { kind: 'sequence', sequence: 4 }), { cursor: 3, skippedRecords: 0 });
      assert.equal(await queue.commit({ lease: own, to: 4 }), 'fenced');
      assert.partialDeepStrictEqual(await figuresOf(queue, 'g'), { cursor: 3, entries: 2, records: 20, dropped: 0 });
      assert.equal((await queue.seekGroup(place, { kind: 'time', receivedMs: times[1] ?? 0 })).cursor, 1);
      assert.equal((await queue.seekGroup(place, { kind: 'time', receivedMs: (times[1] ?? 0) + 1 })).cursor, 2);
      const again = lease(await queue.acquire(place, 'another', 60_000));
      assert.equal(again.cursor, 2);
      await queue.trim();
      assert.equal((await queue.seekGroup(place, { kind: 'beginning' })).cursor, 2, 'the first two are gone');
      await assert.rejects(queue.seekGroup(place, { kind: 'sequence', sequence: 2 }), { code: 'QUEUE_RANGE', message: /3 to 5/ });
      await assert.rejects(queue.seekGroup(place, { kind: 'sequence', sequence: 7 }), { code: 'QUEUE_RANGE' });
      assert.partialDeepStrictEqual(await figuresOf(queue, 'g'), { cursor: 2, entries: 3, records: 30 });
      await fixture.reopen();
      assert.equal((await figuresOf(fixture.queue, 'g'))?.cursor, 2);
    },
  ],

  [
    `what is stepped over is counted as dropped, and a stored plan ends`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await streamOf(queue, 10, 20, 30);
      const own = await ownedPlace(queue, 'g');
      const place = placeOf(queue, 'g');
      await queue.plan(own, testPlan(1, 2, place.partition));
      assert.deepEqual(await queue.seekGroup(place, { kind: 'sequence', sequence: 2 }), { cursor: 1, skippedRecords: 10 });
      assert.equal(await queue.currentPlan(own), undefined);
      assert.equal(await queue.plan(own, testPlan(2, 2, place.partition)), 'fenced');
      assert.deepEqual(await queue.seekGroup(place, { kind: 'end' }), { cursor: 3, skippedRecords: 20 });
      assert.deepEqual(await queue.seekGroup(place, { kind: 'time', receivedMs: 9e15 }), { cursor: 3, skippedRecords: 0 });
      assert.partialDeepStrictEqual(await figuresOf(queue, 'g'), { cursor: 3, entries: 0, records: 0, bytes: 0, dropped: 30 });
    },
  ],

  [
    `what leads into the archive does not go back, and its position steps over what it is made to pass by`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await streamOf(queue, 10, 20, 30);
      for (const group of ['archive', 'pipeline']) {
        const own = await ownedPlace(queue, group);
        await queue.commit({ lease: own, to: 1 });
        const place = placeOf(queue, group);
        const back = { kind: 'beginning' } as const;
        await assert.rejects(queue.seekGroup(place, back), { code: 'QUEUE_RANGE', message: /in the archive twice/ });
        assert.deepEqual(await queue.seekGroup(place, { kind: 'sequence', sequence: 2 }), { cursor: 1, skippedRecords: 0 });
        assert.equal((await queue.seekGroup(place, { kind: 'sequence', sequence: 3 })).cursor, 2);
      }
      assert.equal((await queue.openStream(testStream(1))).archived, 20);
    },
  ],

  [
    `entries that are skipped are kept as dead letters with the reason`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await streamOf(queue, 10, 20, 30);
      const own = await ownedPlace(queue, 'archive');
      const place = placeOf(queue, 'archive');
      await queue.plan(own, testPlan(1, 3, place.partition));
      assert.equal(await queue.skipEntries(place, 2, 'breaks the reader'), 2);
      assert.equal(await queue.commit({ lease: own, to: 3 }), 'fenced');
      assert.equal(await queue.currentPlan(own), undefined);
      assert.equal((await queue.status()).deadLetters, 2);
      assert.partialDeepStrictEqual(await figuresOf(queue, 'archive'), { cursor: 2, entries: 1, records: 10, dropped: 0 });
      assert.equal((await queue.openStream(testStream(1))).archived, 20);
      assert.equal(await queue.skipEntries(place, 9, 'the rest'), 1);
      assert.equal(await queue.skipEntries(place, 9, 'nothing'), 0);
      assert.equal((await queue.status()).deadLetters, 3);
    },
  ],

  [
    `a group that is removed keeps nothing back, and one that is made again begins anew behind its epochs`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0 });
      const { queue } = fixture;
      await streamOf(queue, 10, 20, 30);
      const fast = await ownedPlace(queue, 'fast');
      const slow = await ownedPlace(queue, 'slow');
      await queue.plan(slow, testPlan(1, 3, slow.partition));
      await queue.commit({ lease: fast, to: 2 });
      await queue.trim();
      assert.equal((await keptOf(queue)).length, 3);
      await queue.removeGroup(front, 'slow');
      await queue.removeGroup(front, 'slow');
      await queue.trim();
      assert.deepEqual(await keptOf(queue), ['1:20-30']);
      await assert.rejects(queue.renew(slow, 60_000), { code: 'QUEUE_UNKNOWN' });
      await fixture.reopen();
      const anew = await ownedPlace(fixture.queue, 'slow');
      assert.equal(anew.cursor, 2);
      assert.ok(anew.epoch > slow.epoch);
      assert.equal(await fixture.queue.currentPlan(anew), undefined);
      assert.equal(await fixture.queue.commit({ lease: slow, to: 3 }), 'fenced');
    },
  ],

  [
    `what lay before a group when it was made is known per stream, and of streams that came later there is none`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0 });
      const { queue } = fixture;
      const policy = { kind: 'blocking' } as const;
      await queue.openStream(testStream(1, 100));
      await queue.openStream(testStream(2));
      await appendThrough(queue, 1, 100, 200, 300);
      await appendThrough(queue, 2, 0, 10);
      await queue.ensureGroup({ topic: front, group: 'all', policy, from: 'beginning' });
      assert.deepEqual(await queue.beginningsOf(placeOf(queue, 'all')), new Map());
      await queue.ensureGroup({ topic: front, group: 'from now on', policy, from: 'end' });
      await appendThrough(queue, 2, 10, 20);
      await queue.openStream(testStream(3));
      await appendThrough(queue, 3, 0, 5);
      const beginnings = new Map([
        [streamName(testKey(1)), 300],
        [streamName(testKey(2)), 10],
      ]);
      assert.deepEqual(await queue.beginningsOf(placeOf(queue, 'from now on')), beginnings);
      // The first entry goes: of stream 1 there is what follows it, of the others all.
      const own = lease(await queue.acquire(placeOf(queue, 'all'), 'owner', 60_000));
      await queue.seekGroup(placeOf(queue, 'from now on'), { kind: 'end' });
      await queue.commit({ lease: own, to: 1 });
      await queue.trim();
      await queue.ensureGroup({ topic: front, group: 'what is left', policy, from: 'beginning' });
      await fixture.reopen();
      const left = await fixture.queue.beginningsOf(placeOf(fixture.queue, 'what is left'));
      assert.equal(left.get(streamName(testKey(1))), 200);
      assert.equal(left.get(streamName(testKey(2))) ?? 0, 0);
      await fixture.queue.ensureGroup({ topic: front, group: 'from now on', policy, from: 'end' });
      assert.deepEqual(await fixture.queue.beginningsOf(placeOf(fixture.queue, 'from now on')), beginnings, 'it was made once');
      await fixture.queue.removeGroup(front, 'from now on');
      assert.deepEqual(await fixture.queue.beginningsOf(placeOf(fixture.queue, 'from now on')), new Map());
    },
  ],

  [
    `an entry keeps the way and the checksum of its batch; without bodies all but these is told`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1, 7));
      const hops = [
        { siteId: '1'.repeat(32), hubId: '2'.repeat(32), receivedMs: 1_790_000_000_000 },
        { siteId: '3'.repeat(32), hubId: '4'.repeat(32), receivedMs: 1_790_000_000_001 },
      ];
      await queue.append(testBatch([{ stream: 1, from: 7, to: 20 }], { hops, checksum: 4_294_967_295 }));
      await queue.append(testBatch([{ stream: 1, from: 20, to: 30 }]));
      const from = { topic: front, partition: queue.partitionOf(testAgentId), afterSequence: 0 };
      const whole = await queue.read(from, plenty);
      assert.deepEqual([whole[0]?.hops, whole[0]?.checksum, whole[0]?.bodyBytes], [hops, 4_294_967_295, 6]);
      assert.equal(whole[0]?.segments[0]?.stream.start, 7);
      const described = await queue.read(from, { entries: 9, bytes: 1, bodies: false });
      const body = new Uint8Array(0);
      assert.deepEqual(
        described.map((entry) => ({ ...entry, body })),
        whole.map((entry) => ({ ...entry, body })),
      );
      assert.deepEqual(
        described.map((entry) => entry.body.length),
        [0, 0],
      );
      assert.equal((await queue.read(from, { entries: 1, bytes: 1, bodies: false })).length, 1);
    },
  ],

  [
    `the gaps of a stream are told in their order`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.openStream(testStream(2));
      const lose = (stream: number, from: number, to: number): Promise<unknown> =>
        queue.recordGap(testKey(stream), { from, to, toMark: testMark(to), cause: 'store-lost' });
      await lose(1, 0, 10);
      await lose(2, 0, 7);
      await appendThrough(queue, 1, 10, 20);
      await lose(1, 20, 30);
      const gaps = await queue.gapsOf(testKey(1));
      assert.deepEqual(
        gaps.map(({ key, from, to, cause }) => [key, from, to, cause]),
        [
          [testKey(1), 0, 10, 'store-lost'],
          [testKey(1), 20, 30, 'store-lost'],
        ],
      );
      assert.deepEqual(await queue.gapsOf(testKey(9)), []);
    },
  ],
];

/** Stream 1 from its start, in batches that end at these positions. */
async function streamOf(queue: Queue, ...ends: readonly number[]): Promise<void> {
  await queue.openStream(testStream(1));
  await appendThrough(queue, 1, 0, ...ends);
}
