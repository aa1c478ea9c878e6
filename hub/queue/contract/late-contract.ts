/** What was declared lost and comes by another way: invariants 3 and 8. */
import assert from 'node:assert/strict';
import { testBatch, testKey, testMark, testStream } from '../fixture.ts';
import type { ChannelStatus, Queue } from '../queue.ts';
import type { ContractTest } from './contract-test.ts';
import { appendThrough, keptOf, lease, ownedPlace, placeOf, testObject, testPlan } from './steps.ts';

export const lateContract: readonly ContractTest[] = [
  [
    `what was declared lost and comes after all is stored once, and taken out of its gap`,
    async (open) => {
      await using fixture = await open();
      await withGap(fixture.queue, 100, 200, 300);
      assert.partialDeepStrictEqual(await channel(fixture.queue), { positions: 300, lost: 100, gaps: 1, late: 0 });
      const late = testBatch([{ stream: 1, from: 100, to: 200 }]);
      assert.deepEqual(await fixture.queue.append(late), { kind: 'stored' });
      await fixture.reopen();
      const { queue } = fixture;
      assert.deepEqual(await queue.append(late), { kind: 'duplicate' });
      assert.deepEqual(await keptOf(queue), ['1:0-100', '1:200-300', '1:100-200']);
      assert.deepEqual(await queue.gaps(), []);
      assert.partialDeepStrictEqual(await channel(queue), { positions: 300, lost: 0, gaps: 0, late: 100, duplicates: 100 });
      assert.partialDeepStrictEqual(await queue.openStream(testStream(1)), { held: 300, heldMark: testMark(300) });
    },
  ],

  [
    `a part of a gap splits it, and only that part is kept`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await withGap(queue, 100, 200, 300);
      const trims = [{ segment: 0, from: 120, to: 150 }];
      assert.equal((await queue.append(testBatch([{ stream: 1, from: 100, to: 200 }], { trims }))).kind, 'stored');
      const [gap] = await queue.gaps();
      assert.deepEqual(await gapsOf(queue), ['100-120', '150-200']);
      assert.equal(gap?.cause, 'replay-expired');
      // Shorter than its segment at both ends, and then at its beginning.
      assert.equal((await queue.append(testBatch([{ stream: 1, from: 90, to: 130 }]))).kind, 'stored');
      assert.equal((await queue.append(testBatch([{ stream: 1, from: 140, to: 210 }]))).kind, 'stored');
      assert.deepEqual((await keptOf(queue)).slice(2), ['1:120-150', '1:100-120', '1:150-200']);
      assert.deepEqual(await gapsOf(queue), []);
      assert.partialDeepStrictEqual(await channel(queue), { lost: 0, late: 100, duplicates: 10 + 10 + 10 + 10, positions: 300 });
    },
  ],

  [
    `a batch may be partly late, partly here already and partly new`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await withGap(queue, 100, 200, 300);
      await queue.openStream(testStream(2));
      const batch = testBatch([
        { stream: 1, from: 50, to: 100 },
        { stream: 1, from: 100, to: 150 },
        { stream: 1, from: 150, to: 250 },
        { stream: 1, from: 250, to: 320 },
        { stream: 2, from: 0, to: 7 },
      ]);
      assert.equal((await queue.append(batch)).kind, 'stored');
      assert.deepEqual((await keptOf(queue)).slice(2), ['1:100-150', '1:150-200', '1:300-320', '2:0-7']);
      assert.equal((await queue.openStream(testStream(1))).held, 320);
      assert.partialDeepStrictEqual(await channel(queue), { lost: 0, late: 100, duplicates: 50 + 50 + 50, positions: 327 });
    },
  ],

  [
    `of a segment with what is new, the gap right before it is filled as well`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await lose(queue, 0, 40);
      await appendThrough(queue, 1, 40, 60);
      await lose(queue, 60, 80);
      assert.equal((await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]))).kind, 'stored');
      assert.deepEqual(await keptOf(queue), ['1:40-60', '1:60-100']);
      assert.deepEqual(await gapsOf(queue), ['0-40'], 'what it could not fill stays a gap');
      assert.partialDeepStrictEqual(await channel(queue), { lost: 40, late: 20, duplicates: 60, positions: 100 });
    },
  ],

  [
    `of several gaps in one segment the longest is filled; those that touch are one`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await lose(queue, 0, 30);
      await appendThrough(queue, 1, 30, 40);
      await lose(queue, 40, 60);
      await lose(queue, 60, 80);
      await appendThrough(queue, 1, 80, 90);
      const batch = testBatch([{ stream: 1, from: 0, to: 90 }]);
      assert.equal((await queue.append(batch)).kind, 'stored');
      assert.deepEqual((await keptOf(queue)).at(-1), '1:40-80');
      assert.deepEqual(await gapsOf(queue), ['0-30']);
      assert.equal((await queue.append(batch)).kind, 'stored');
      assert.equal((await queue.append(batch)).kind, 'duplicate');
      assert.partialDeepStrictEqual(await channel(queue), { lost: 0, late: 70, gaps: 0 });
    },
  ],

  [
    `a batch that is refused fills nothing`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await withGap(queue, 100, 200, 300);
      const batch = testBatch([
        { stream: 1, from: 100, to: 200 },
        { stream: 1, from: 400, to: 500 },
      ]);
      assert.partialDeepStrictEqual(await queue.append(batch), { kind: 'refused', reason: 'position', held: 300 });
      assert.deepEqual(await gapsOf(queue), ['100-200']);
      assert.partialDeepStrictEqual(await channel(queue), { late: 0, lost: 100 });
    },
  ],

  [
    `what the edge left out of a late part is counted with it`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await withGap(queue, 100, 200, 300);
      const drops = [
        { offset: 10, span: 20, records: 2 },
        { offset: 20, span: 60, records: 3 },
      ];
      const part = { stream: 1, from: 90, to: 200, bytes: 30, records: 30, drops };
      assert.equal((await queue.append(testBatch([part]))).kind, 'stored');
      // The drops are [100, 120) and [130, 190).
      assert.partialDeepStrictEqual(await channel(queue), {
        filtered: 80,
        filteredRecords: 5,
        late: 100,
        lost: 0,
        duplicates: 10,
      });
    },
  ],

  [
    `a batch that an earlier site trimmed at its end is taken as far as it goes, and what follows fits on`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      const trims = [{ segment: 0, from: 0, to: 40 }];
      assert.equal((await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }], { trims }))).kind, 'stored');
      assert.deepEqual(await queue.openStream(testStream(1)), { held: 40, heldMark: '', archived: 0 });
      assert.equal((await queue.append(testBatch([{ stream: 1, from: 40, to: 100 }]))).kind, 'stored');
      assert.deepEqual(await keptOf(queue), ['1:0-40', '1:40-100']);
    },
  ],

  [
    `the archive's position does not claim a late part before the archive had it`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await withGap(queue, 100, 200, 300);
      await appendThrough(queue, 1, 300, 400);
      assert.equal((await queue.append(testBatch([{ stream: 1, from: 120, to: 200 }]))).kind, 'stored');
      const own = await ownedPlace(queue, 'archive');
      const archived = async (sequence: number, from: number, to: number): Promise<number> => {
        const plan = testPlan(sequence, sequence, own.partition);
        await queue.plan(own, plan);
        const segments = [{ key: testKey(1), from, to }];
        await queue.commit({ lease: own, to: sequence, archived: { plan, object: testObject(plan), segments } });
        return (await queue.openStream(testStream(1))).archived;
      };
      assert.equal(await archived(1, 0, 100), 120, 'what is still lost is stepped over');
      assert.equal(await archived(2, 200, 300), 120);
      assert.equal(await archived(3, 300, 400), 120);
      assert.equal(await archived(4, 120, 200), 400);
      // What the archive stepped over already is not taken back, and claims nothing new.
      assert.equal((await queue.append(testBatch([{ stream: 1, from: 100, to: 120 }]))).kind, 'stored');
      assert.equal((await queue.openStream(testStream(1))).archived, 400);
      assert.equal(await archived(5, 100, 120), 400);
    },
  ],

  [
    `a late part that the archive will never have is not waited for`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await withGap(queue, 100, 200, 300);
      await queue.append(testBatch([{ stream: 1, from: 100, to: 150 }]));
      await queue.append(testBatch([{ stream: 1, from: 150, to: 200 }]));
      const archive = await ownedPlace(queue, 'archive');
      const plan = testPlan(1, 2, archive.partition);
      await queue.plan(archive, plan);
      const segments = [
        { key: testKey(1), from: 0, to: 100 },
        { key: testKey(1), from: 200, to: 300 },
      ];
      await queue.commit({ lease: archive, to: 2, archived: { plan, object: testObject(plan), segments } });
      assert.equal((await queue.openStream(testStream(1))).archived, 100);
      const pipeline = await ownedPlace(queue, 'pipeline');
      await queue.commit({ lease: pipeline, to: 3, deadLetters: [{ sequence: 3, reason: 'not a log' }] });
      assert.equal((await queue.openStream(testStream(1))).archived, 150);
      await queue.release(pipeline);
      lease(await queue.acquire(placeOf(queue, 'pipeline'), 'another', 60_000));
      await queue.skipEntries(placeOf(queue, 'pipeline'), 1, 'by hand');
      assert.equal((await queue.openStream(testStream(1))).archived, 300);
    },
  ],
];

/** Stream 1: what came, a gap, and what came behind it. */
async function withGap(queue: Queue, from: number, to: number, end: number): Promise<void> {
  await queue.openStream(testStream(1));
  await appendThrough(queue, 1, 0, from);
  await lose(queue, from, to);
  await appendThrough(queue, 1, to, end);
}

async function lose(queue: Queue, from: number, to: number): Promise<void> {
  const recorded = await queue.recordGap(testKey(1), { from, to, toMark: testMark(to), cause: 'replay-expired' });
  assert.equal(recorded.recorded, to - from);
}

async function gapsOf(queue: Queue): Promise<string[]> {
  return (await queue.gapsOf(testKey(1))).map(({ from, to }) => `${from}-${to}`);
}

async function channel(queue: Queue): Promise<ChannelStatus | undefined> {
  return (await queue.status()).channels[0];
}
