/** Streams and positions: invariant 3. */
import assert from 'node:assert/strict';
import type { AppendResult } from '@tributary/protocol/session/server-effect.ts';
import { testAgentId, testBatch, testIdentity, testKey, testMark, testStream } from '../fixture.ts';
import type { ContractTest } from './contract-test.ts';
import { contents, front, plenty } from './steps.ts';

export const positionContract: readonly ContractTest[] = [
  [
    `a stream is registered once, held from its start, and found again`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      assert.deepEqual(await queue.openStream(testStream(1, 500)), { held: 500, heldMark: '', archived: 500 });
      assert.deepEqual(await queue.append(testBatch([{ stream: 1, from: 500, to: 600 }])), { kind: 'stored' });
      const again = { held: 600, heldMark: testMark(600), archived: 500 };
      assert.deepEqual(await queue.openStream(testStream(1, 0)), again);
      await fixture.reopen();
      assert.deepEqual(await fixture.queue.openStream(testStream(1, 700)), again);
    },
  ],

  [
    `a batch is stored once; sent again it is a duplicate, also after a restart`,
    async (open) => {
      await using fixture = await open();
      await fixture.queue.openStream(testStream(1));
      const batch = testBatch([{ stream: 1, from: 0, to: 100 }]);
      assert.deepEqual(await fixture.queue.append(batch), { kind: 'stored' });
      assert.deepEqual(await fixture.queue.append(batch), { kind: 'duplicate' });
      await fixture.reopen();
      assert.deepEqual(await fixture.queue.append(batch), { kind: 'duplicate' });
      assert.equal((await contents(fixture.queue, front)).length, 1);
      assert.equal((await fixture.queue.status()).channels[0]?.duplicates, 200);
    },
  ],

  [
    `what overlaps is trimmed and noted, what is behind is skipped`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.openStream(testStream(2));
      await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
      const batch = testBatch([
        { stream: 1, from: 0, to: 60 },
        { stream: 1, from: 60, to: 150 },
        { stream: 2, from: 0, to: 10 },
      ]);
      assert.deepEqual(await queue.append(batch), { kind: 'stored' });
      const entries = await queue.read({ topic: front, partition: 0, afterSequence: 1 }, plenty);
      assert.deepEqual(entries[0]?.trims, [
        { segment: 0, from: 60, to: 0 },
        { segment: 1, from: 100, to: 0 },
      ]);
      assert.equal((await queue.openStream(testStream(1))).held, 150);
    },
  ],

  [
    `what the edge left out is counted once, in positions and records, and no bytes stand for it`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      const drops = [
        { offset: 0, span: 10, records: 2 },
        { offset: 20, span: 50, records: 5 },
        { offset: 40, span: 1, records: 1 },
      ];
      const part = { stream: 1, from: 0, to: 101, bytes: 40, records: 40, drops };
      await queue.append(testBatch([{ ...part, to: 70, bytes: 30, records: 30, drops: [{ offset: 0, span: 40, records: 3 }] }]));
      const batch = testBatch([
        part,
        { stream: 1, from: 101, to: 108, bytes: 0, records: 0, drops: [{ offset: 0, span: 7, records: 0 }] },
      ]);
      assert.deepEqual(await queue.append(batch), { kind: 'stored' });
      assert.deepEqual(await queue.append(batch), { kind: 'duplicate' });
      const entries = await queue.read({ topic: front, partition: 0, afterSequence: 1 }, plenty);
      assert.deepEqual(
        entries[0]?.segments.map((segment) => segment.drops),
        batch.segments.map((segment) => segment.drops),
      );
      // The first brought 40; of the drop from 30 to 80, the part behind 70 is new and its records are not; the rest is.
      const { filtered, filteredRecords, positions } = (await queue.status()).channels[0] ?? {};
      assert.deepEqual([filtered, filteredRecords, positions], [40 + 10 + 1 + 7, 3 + 1, 108]);
    },
  ],

  [
    `trims of earlier hops are kept, and what they leave out is not held`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      const batch = testBatch([{ stream: 1, from: 0, to: 100 }], { trims: [{ segment: 0, from: 40, to: 0 }] });
      assert.partialDeepStrictEqual(await queue.append(batch), { kind: 'refused', reason: 'position', held: 0 });
      await queue.append(testBatch([{ stream: 1, from: 0, to: 40 }]));
      assert.deepEqual(await queue.append(batch), { kind: 'stored' });
      const entries = await queue.read({ topic: front, partition: 0, afterSequence: 1 }, plenty);
      assert.deepEqual(entries[0]?.trims, [{ segment: 0, from: 40, to: 0 }]);
    },
  ],

  [
    `a missing part refuses the whole batch and says what is held`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.openStream(testStream(2));
      await queue.append(testBatch([{ stream: 2, from: 0, to: 100 }]));
      const refused = await queue.append(
        testBatch([
          { stream: 1, from: 0, to: 50 },
          { stream: 2, from: 200, to: 300 },
        ]),
      );
      const wanted = { kind: 'refused', reason: 'position', key: testKey(2), held: 100, heldMark: testMark(100) };
      assert.partialDeepStrictEqual(refused, wanted);
      assert.equal((await queue.openStream(testStream(1))).held, 0, 'nothing of the batch was taken');
    },
  ],

  [
    `other bytes before held are refused; an unknown mark is believed only at the start`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1, 100));
      assert.deepEqual(await queue.append(testBatch([{ stream: 1, from: 100, to: 200, toMark: 'a'.repeat(16) }])), {
        kind: 'stored',
      });
      const other = await queue.append(testBatch([{ stream: 1, from: 200, to: 300, fromMark: 'b'.repeat(16) }]));
      assert.partialDeepStrictEqual(other, { kind: 'refused', reason: 'position', held: 200, heldMark: 'a'.repeat(16) });
      const unknown = await queue.append(testBatch([{ stream: 1, from: 200, to: 300, fromMark: '' }]));
      assert.partialDeepStrictEqual(unknown, { kind: 'refused', reason: 'position' });
      const same = await queue.append(testBatch([{ stream: 1, from: 200, to: 300, fromMark: 'a'.repeat(16) }]));
      assert.deepEqual(same, { kind: 'stored' });
    },
  ],

  [
    `a batch of a stream that is not open, or of another channel, is refused`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const unknown = await queue.append(testBatch([{ stream: 9, from: 0, to: 1 }]));
      assert.partialDeepStrictEqual(unknown, { kind: 'refused', reason: 'position', held: 0 });
      await queue.openStream(testStream(1));
      const other = await queue.append(testBatch([{ stream: 1, from: 0, to: 1 }], { channel: 'acme/other' }));
      assert.partialDeepStrictEqual(other, { kind: 'refused', reason: 'forbidden' });
      await assert.rejects(queue.openStream(testStream(1, 0, 'acme/other')), { code: 'QUEUE_STREAM_CHANGED' });
    },
  ],

  [
    `calls under way at once are taken in their order`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const opened = queue.openStream(testStream(1));
      const results: Promise<AppendResult>[] = [];
      for (let from = 0; from < 500; from += 10) results.push(queue.append(testBatch([{ stream: 1, from, to: from + 10 }])));
      await opened;
      assert.ok((await Promise.all(results)).every((result) => result.kind === 'stored'));
      const entries = await queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
      assert.deepEqual(
        entries.map((entry) => entry.segments[0]?.from),
        Array.from({ length: 50 }, (_, index) => index * 10),
      );
    },
  ],

  [
    `a gap moves held over what is lost, once, and is recorded`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
      const ahead = { from: 200, to: 300, toMark: testMark(300), cause: 'dropped' } as const;
      assert.equal((await queue.recordGap(testKey(1), ahead)).held, 100, 'a range that begins later changes nothing');
      const gap = { from: 50, to: 300, toMark: testMark(300), cause: 'buffer-lost' } as const;
      assert.partialDeepStrictEqual(await queue.recordGap(testKey(1), gap), { held: 300, heldMark: testMark(300) });
      assert.equal((await queue.recordGap(testKey(1), gap)).held, 300);
      const gaps = await queue.gaps();
      assert.equal(gaps.length, 1);
      assert.partialDeepStrictEqual(gaps[0], { key: testKey(1), from: 100, to: 300, cause: 'buffer-lost' });
      assert.partialDeepStrictEqual((await queue.status()).channels[0], { gaps: 1, lost: 200 });
      assert.deepEqual(await queue.append(testBatch([{ stream: 1, from: 300, to: 310 }])), { kind: 'stored' });
    },
  ],

  [
    `an agent's streams are given back with identity, attributes and positions`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const first = testStream(1, 5);
      await queue.openStream(first);
      await queue.openStream(testStream(2));
      await queue.append(testBatch([{ stream: 2, from: 0, to: 10 }]));
      await queue.closeStream(testKey(2), 10);
      await queue.openStream({ ...first, identity: testIdentity('/var/log/renamed.log') });
      const { siteId } = testKey(1);
      const streams = await Array.fromAsync(queue.streamsOf(siteId, testAgentId));
      assert.deepEqual(
        streams.map((stream) => [stream.identity.path, stream.start, stream.held, stream.heldMark, stream.closed]),
        [
          ['/var/log/renamed.log', 5, 5, '', false],
          ['/var/log/2.log', 0, 10, testMark(10), true],
        ],
      );
      assert.deepEqual(streams[0]?.attributes, first.attributes);
      assert.deepEqual(await Array.fromAsync(queue.streamsOf(siteId, 'b'.repeat(32))), []);
    },
  ],
];
