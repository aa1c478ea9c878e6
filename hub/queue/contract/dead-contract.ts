/** What was set aside is kept whole, and can be had again: invariant 6. */
import assert from 'node:assert/strict';
import {
  deadLetterEntry,
  deadLetterGroup,
  deadLettersOf,
  deadLetterTopic,
  keepDeadLetters,
} from '../../dead-letters/dead-letter.ts';
import { testLetter } from '../../dead-letters/fixture.ts';
import { testChannel, testEntry, testStream } from '../fixture.ts';
import type { Queue } from '../queue.ts';
import type { ContractTest } from './contract-test.ts';
import { appendThrough, back, contents, front, keptOf, lease, owned, ownedPlace, placeOf, plenty } from './steps.ts';

const dead = deadLetterTopic(testChannel);

async function deadEntriesOf(queue: Queue, partition: number, after = 0): ReturnType<Queue['deadEntries']> {
  return queue.deadEntries({ partition, after }, { entries: 100 });
}

export const deadContract: readonly ContractTest[] = [
  [
    `what was refused stays until its group has passed it, also where the group came later`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0, replayBytesMax: 0 });
      const { queue } = fixture;
      await queue.publish('platform', 0, testEntry('event'));
      const output = await owned(queue, 'platform', 'output');
      const entry = deadLetterEntry([testLetter(1), testLetter(2)], 1);
      assert.equal(await queue.commit({ lease: output, to: 1, publish: [{ topic: dead, entry }] }), 'done');
      fixture.advance(1e9);
      await queue.trim();
      await keepDeadLetters(queue, testChannel);
      await queue.trim();
      const [found] = await queue.read({ topic: dead, partition: 0, afterSequence: 0 }, plenty);
      assert.ok(found !== undefined);
      assert.deepEqual(deadLettersOf(found), [testLetter(1), testLetter(2)]);
      const own = lease(await queue.acquire({ topic: dead, group: deadLetterGroup, partition: 0 }, 'a person', 60_000));
      await queue.commit({ lease: own, to: 1 });
      await queue.trim();
      assert.equal((await queue.read({ topic: dead, partition: 0, afterSequence: 0 }, plenty)).length, 0);
    },
  ],

  [
    `a full topic takes nothing more from others, and takes back what is taken from it`,
    async (open) => {
      await using fixture = await open({ topicBytesMax: 8 });
      const { queue } = fixture;
      await keepDeadLetters(queue, testChannel);
      for (const content of ['one', 'two']) await queue.publish('platform', 0, testEntry(content));
      const output = await owned(queue, 'platform', 'output');
      const letters = { topic: dead, entry: testEntry('letters') };
      assert.equal(await queue.commit({ lease: output, to: 1, publish: [letters, letters] }), 'done');
      assert.equal(await queue.commit({ lease: output, to: 2, publish: [letters] }), 'full');
      const own = lease(await queue.acquire({ topic: dead, group: deadLetterGroup, partition: 0 }, 'a person', 60_000));
      const rest = { topic: dead, entry: testEntry('what is left') };
      assert.equal(await queue.commit({ lease: own, to: 1, publish: [rest] }), 'done');
      assert.deepEqual(await contents(queue, dead), ['letters', 'letters', 'what is left']);
      assert.equal(await queue.commit({ lease: own, to: 3 }), 'done');
      assert.equal(await queue.commit({ lease: output, to: 2, publish: [letters] }), 'done');
    },
  ],

  [
    `an entry that was set aside is listed, and comes into its topic again with its positions`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0, replayBytesMax: 0 });
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await appendThrough(queue, 1, 0, 10, 20, 30);
      const own = await ownedPlace(queue, 'pipeline');
      const { partition } = own;
      const deadLetters = [
        { sequence: 1, reason: 'not a log' },
        { sequence: 2, reason: 'no log either' },
      ];
      assert.equal(await queue.commit({ lease: own, to: 2, deadLetters }), 'done');
      await queue.trim();
      const [first, second] = await deadEntriesOf(queue, partition);
      assert.ok(first !== undefined && second !== undefined);
      assert.partialDeepStrictEqual(first, {
        partition,
        topic: front,
        group: 'pipeline',
        sequence: 1,
        reason: 'not a log',
        records: 10,
      });
      assert.deepEqual(await deadEntriesOf(queue, partition, first.number), [second]);
      assert.deepEqual(await keptOf(queue), ['1:20-30']);
      assert.equal(await queue.replayDeadEntry(first), 'done');
      assert.equal(await queue.replayDeadEntry(first), 'gone');
      await fixture.reopen();
      assert.deepEqual(await keptOf(fixture.queue), ['1:20-30', '1:0-10']);
      const entries = await fixture.queue.read({ topic: front, partition, afterSequence: 3 }, plenty);
      assert.deepEqual(
        entries.map(({ sequence, format, records, body }) => [sequence, format, records, new TextDecoder().decode(body)]),
        [[4, 'batch', 10, '1:0-10']],
      );
      assert.deepEqual(await deadEntriesOf(fixture.queue, partition), [second]);
      assert.equal((await fixture.queue.status()).deadLetters, 1);
      assert.equal((await fixture.queue.openStream(testStream(1))).held, 30);
    },
  ],

  [
    `what is dropped is gone, with its body, and the entry itself stays as long as it is needed`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0, replayBytesMax: 0 });
      const { queue } = fixture;
      await keepDeadLetters(queue, testChannel);
      const large = 'x'.repeat(100_000);
      for (const content of [large, 'small']) await queue.publish(back, 0, testEntry(content));
      const [archive, output] = [await owned(queue, back, 'archive'), await owned(queue, back, 'output')];
      await owned(queue, back, 'slow');
      for (const held of [archive, output]) {
        const deadLetters = [1, 2].map((sequence) => ({ sequence, reason: 'no block' }));
        assert.equal(await queue.commit({ lease: held, to: 2, deadLetters }), 'done');
      }
      const [one, two, three, four] = await deadEntriesOf(queue, 0);
      assert.ok(one !== undefined && two !== undefined && three !== undefined && four !== undefined);
      assert.deepEqual([one.bytes, four.bytes, four.group], [100_000, 5, 'output']);
      assert.equal(await queue.dropDeadEntries(0, [one.number, two.number, 99]), 2);
      assert.equal(await queue.dropDeadEntries(0, [one.number]), 0);
      assert.deepEqual(await contents(queue, back), [large, 'small']);
      await queue.removeGroup(back, 'slow');
      await queue.trim();
      assert.deepEqual(await contents(queue, back), []);
      assert.equal(await queue.replayDeadEntry(three), 'done');
      await fixture.reopen();
      assert.deepEqual(await contents(fixture.queue, back), [large]);
      assert.equal(await fixture.queue.dropDeadEntries(0, [four.number]), 1);
      assert.deepEqual(await deadEntriesOf(fixture.queue, 0), []);
      assert.equal((await fixture.queue.status()).deadLetters, 0);
    },
  ],

  [
    `one that finds no room in its topic stays set aside`,
    async (open) => {
      await using fixture = await open({ topicBytesMax: 6 });
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await appendThrough(queue, 1, 0, 10);
      await ownedPlace(queue, 'pipeline');
      assert.equal(await queue.skipEntries(placeOf(queue, 'pipeline'), 1, 'breaks it'), 1);
      await appendThrough(queue, 1, 10, 20);
      const [entry] = await deadEntriesOf(queue, placeOf(queue, 'pipeline').partition);
      assert.ok(entry !== undefined);
      assert.equal(await queue.replayDeadEntry(entry), 'full');
      assert.equal((await queue.status()).deadLetters, 1);
    },
  ],
];
