/** Topics, entries and reader groups: invariant 4. */
import assert from 'node:assert/strict';
import { testAttributes, testBatch, testEntry, testStream } from '../fixture.ts';
import type { NewEntry } from '../queue.ts';
import type { ContractTest } from './contract-test.ts';
import { back, contents, fill, front, lease, owned, plenty } from './steps.ts';

export const topicContract: readonly ContractTest[] = [
  [
    `an entry comes back as it was stored`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const stream = testStream(1);
      await queue.openStream(stream);
      const cuts = [{ offset: 5, cause: 'too-long' }] as const;
      const batch = testBatch([{ stream: 1, from: 0, to: 10, cuts, lengths: [3, 7] }], { createdMs: 77 });
      await queue.append(batch);
      const [entry] = await queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
      assert.ok(entry !== undefined);
      const { key, attributes, identity } = stream;
      assert.partialDeepStrictEqual(entry, {
        topic: front,
        partition: 0,
        sequence: 1,
        format: 'batch',
        records: 10,
        createdMs: 77,
      });
      assert.deepEqual(entry.segments[0]?.stream, { key, attributes, identity, start: 0 });
      assert.deepEqual([entry.segments[0]?.cuts, entry.segments[0]?.lengths], [cuts, [3, 7]]);
      assert.equal(new TextDecoder().decode(entry.body), '1:0-10');
      assert.equal(batch.body.length, 6, 'the caller keeps its body');
    },
  ],

  [
    `receive times never go back, whatever the clock does`,
    async (open) => {
      await using fixture = await open();
      await fixture.queue.publish('platform', 0, testEntry('one'));
      fixture.advance(-60_000);
      await fixture.queue.publish('platform', 0, testEntry('two'));
      await fixture.reopen();
      await fixture.queue.publish('platform', 0, testEntry('three'));
      const { entries } = await fixture.queue.measure({ topic: 'platform', partition: 0, afterSequence: 0 });
      assert.equal(new Set(entries.map((entry) => entry.receivedMs)).size, 1);
    },
  ],

  [
    `a read keeps its limits and gives at least one`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      for (const content of ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc', 'dddddddddd']) {
        await queue.publish('platform', 0, testEntry(content));
      }
      const counts = async (afterSequence: number, entries: number, bytes: number): Promise<number[]> =>
        (await queue.read({ topic: 'platform', partition: 0, afterSequence }, { entries, bytes })).map((entry) => entry.sequence);
      assert.deepEqual(await counts(0, 2, 1000), [1, 2]);
      assert.deepEqual(await counts(0, 10, 25), [1, 2]);
      assert.deepEqual(await counts(1, 10, 1), [2]);
      assert.deepEqual(await counts(4, 10, 1000), []);
      assert.deepEqual(await counts(0, 10, 1000), [1, 2, 3, 4]);
      assert.deepEqual(await queue.read({ topic: 'nowhere', partition: 0, afterSequence: 0 }, plenty), []);
    },
  ],

  [
    `an idempotency key is remembered for its time, per topic`,
    async (open) => {
      await using fixture = await open({ keepKeysMs: 1000 });
      const { queue } = fixture;
      assert.equal(await queue.publish('platform', 0, testEntry('a'), 'key'), 'stored');
      assert.equal(await queue.publish('platform', 0, testEntry('a'), 'key'), 'duplicate');
      assert.equal(await queue.publish(back, 0, testEntry('a'), 'key'), 'stored');
      fixture.advance(1000);
      assert.equal(await queue.publish('platform', 0, testEntry('a'), 'key'), 'stored');
    },
  ],

  [
    `a store that was away for longer than keys are remembered knows them as it comes back`,
    async (open) => {
      await using fixture = await open({ keepKeysMs: 1000 });
      assert.equal(await fixture.queue.publish('platform', 0, testEntry('a'), 'long ago'), 'stored');
      fixture.advance(1000);
      assert.equal(await fixture.queue.publish('platform', 0, testEntry('a'), 'under way'), 'stored');
      fixture.advance(5000);
      await fixture.reopen();
      assert.equal(await fixture.queue.publish('platform', 0, testEntry('a'), 'under way'), 'duplicate');
      assert.equal(await fixture.queue.publish('platform', 0, testEntry('a'), 'long ago'), 'stored');
      fixture.advance(1000);
      assert.equal(await fixture.queue.publish('platform', 0, testEntry('a'), 'under way'), 'stored', 'its time is over by now');
    },
  ],

  [
    `a published batch goes on where its stream is held, and one that is not stored leaves no hole`,
    async (open) => {
      await using fixture = await open({ topicBytesMax: 10 });
      const { queue } = fixture;
      const stream = { ...testStream(1), attributes: testAttributes({ counted: true }) };
      const [segment] = testBatch([{ stream: 1, from: 0, to: 3, lengths: [1, 1, 1] }]).segments;
      assert.ok(segment !== undefined);
      const entry = (toMark: string): NewEntry =>
        testEntry('four', { format: 'batch', records: 3, segments: [{ ...segment, toMark, stream }] });
      assert.equal(await queue.publish(front, 0, entry('a'.repeat(16)), 'key'), 'stored');
      assert.equal(await queue.publish(front, 0, entry('b'.repeat(16)), 'key'), 'duplicate');
      assert.equal(await queue.publish(front, 0, entry('c'.repeat(16))), 'stored');
      assert.equal(await queue.publish(front, 0, entry('d'.repeat(16))), 'stored');
      assert.equal(await queue.publish(front, 0, entry('e'.repeat(16))), 'full');
      const entries = await queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
      const places = entries.flatMap(({ segments }) => segments.map(({ from, to, fromMark }) => [from, to, fromMark]));
      assert.deepEqual(places, [
        [0, 3, ''],
        [3, 6, 'a'.repeat(16)],
        [6, 9, 'c'.repeat(16)],
      ]);
      const [channel] = (await queue.status()).channels;
      assert.equal(channel?.positions, 9);
    },
  ],

  [
    `one stream brings batches of many machines, and each comes back with its own`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const { key, identity } = testStream(1);
      const [segment] = testBatch([{ stream: 1, from: 0, to: 1, lengths: [4] }]).segments;
      assert.ok(segment !== undefined);
      for (const host of ['web1', 'web2', 'web1']) {
        const stream = { key, identity, attributes: testAttributes({ counted: true, host }), start: 0 };
        await queue.publish(front, 0, testEntry('four', { format: 'batch', records: 1, segments: [{ ...segment, stream }] }));
      }
      await fixture.reopen();
      const entries = await fixture.queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
      assert.deepEqual(
        entries.flatMap(({ segments }) => segments.map(({ stream, from }) => [stream.attributes.host, from])),
        [
          ['web1', 0],
          ['web2', 1],
          ['web1', 2],
        ],
      );
      assert.equal((await fixture.queue.status()).channels[0]?.streams, 1);
    },
  ],

  [
    `a batch that names hosts of its segments comes back with them`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      const ranges = [
        { stream: 1, from: 0, to: 10, host: 'printer-1' },
        { stream: 1, from: 10, to: 20 },
        { stream: 1, from: 20, to: 30, host: 'printer-2' },
      ];
      assert.deepEqual(await queue.append(testBatch(ranges)), { kind: 'stored' });
      assert.deepEqual(await queue.append(testBatch(ranges.slice(2))), { kind: 'duplicate' });
      await fixture.reopen();
      const [entry] = await fixture.queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
      assert.deepEqual(
        entry?.segments.map(({ host, stream }) => [host, stream.attributes.host]),
        [
          ['printer-1', 'printer-1'],
          [undefined, 'web1'],
          ['printer-2', 'printer-2'],
        ],
      );
    },
  ],

  [
    `listeners hear of entries once they can be read`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const heard: Promise<number>[] = [];
      const remove = queue.onAppended((topic, partition) => {
        heard.push(queue.read({ topic, partition, afterSequence: 0 }, plenty).then((entries) => entries.length));
      });
      await queue.publish('platform', 0, testEntry('a'));
      assert.deepEqual(await Promise.all(heard), [1]);
      assert.deepEqual(queue.topics(), ['platform']);
      remove();
      await queue.publish('platform', 0, testEntry('b'));
      assert.equal(heard.length, 1);
    },
  ],
  [
    `one owner at a time; a later owner has a higher epoch and fences the earlier`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await fill(queue, 3);
      await queue.ensureGroup({ topic: 'platform', group: 'g', policy: { kind: 'blocking' }, from: 'beginning' });
      const place = { topic: 'platform', group: 'g', partition: 0 };
      const first = lease(await queue.acquire(place, 'one', 1000));
      assert.equal(first.cursor, 0);
      assert.equal(await queue.acquire(place, 'two', 1000), undefined);
      const longer = lease(await queue.renew(first, 2000)).expiresMs - first.expiresMs;
      // A store's own clock may go on by itself besides.
      assert.ok(longer >= 1000 && longer < 2000, `${longer} ms longer`);
      fixture.advance(2000);
      const second = lease(await queue.acquire(place, 'two', 1000));
      assert.ok(second.epoch > first.epoch);
      assert.equal(await queue.renew(first, 1000), undefined);
      assert.equal(await queue.commit({ lease: first, to: 1 }), 'fenced');
      assert.equal(await queue.commit({ lease: second, to: 2 }), 'done');
      await queue.release(second);
      assert.equal(await queue.commit({ lease: second, to: 3 }), 'fenced');
      assert.equal(lease(await queue.acquire(place, 'one', 1000)).cursor, 2);
    },
  ],

  [
    `nobody works on a lease after a restart`,
    async (open) => {
      await using fixture = await open();
      await fill(fixture.queue, 2);
      const before = await owned(fixture.queue, 'platform', 'g');
      await fixture.reopen();
      const after = lease(await fixture.queue.acquire(before, 'another', 1000));
      assert.equal(await fixture.queue.commit({ lease: before, to: 1 }), 'fenced');
      assert.equal(await fixture.queue.commit({ lease: after, to: 1 }), 'done');
    },
  ],

  [
    `cursor, what is published and dead letters move together or not at all`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await fill(queue, 3);
      const own = await owned(queue, 'platform', 'g');
      const publish = [
        { topic: back, entry: testEntry('x') },
        { topic: back, entry: testEntry('y') },
      ];
      await assert.rejects(queue.commit({ lease: own, to: 9, publish }), { code: 'QUEUE_RANGE' });
      assert.equal((await contents(queue, back)).length, 0);
      const deadLetters = [{ sequence: 2, reason: 'not JSON' }];
      assert.equal(await queue.commit({ lease: own, to: 2, publish, deadLetters }), 'done');
      assert.deepEqual(await contents(queue, back), ['x', 'y']);
      assert.equal((await queue.status()).deadLetters, 1);
      await assert.rejects(queue.commit({ lease: own, to: 1 }), { code: 'QUEUE_RANGE' });
    },
  ],

  [
    `a group that is new begins where it asked to; figures are kept per group`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await fill(queue, 3);
      const early = await owned(queue, 'platform', 'early');
      await queue.ensureGroup({ topic: 'platform', group: 'late', policy: { kind: 'blocking' }, from: 'end' });
      await queue.commit({ lease: early, to: 1 });
      await fixture.reopen();
      const { groups, topics } = await fixture.queue.status();
      assert.partialDeepStrictEqual(groups, [
        { group: 'early', cursor: 1, entries: 2, records: 2, bytes: 12, dropped: 0 },
        { group: 'late', cursor: 3, entries: 0, records: 0, bytes: 0, oldestMs: undefined },
      ]);
      assert.partialDeepStrictEqual(topics, [{ entries: 3, bytes: 18, receivedRecords: 3, receivedBytes: 18 }]);
      assert.equal(typeof groups[0]?.oldestMs, 'number');
    },
  ],
];
