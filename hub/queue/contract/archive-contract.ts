/** Plans and archive objects: invariant 5. */
import assert from 'node:assert/strict';
import { testBatch, testChannel, testKey, testMark, testStream } from '../fixture.ts';
import { backTopic } from '../queue.ts';
import type { ContractTest } from './contract-test.ts';
import { front, owned, testObject, testPlan } from './steps.ts';

export const archiveContract: readonly ContractTest[] = [
  [
    `a plan is stored once, runs again after a restart, and ends with its object`,
    async (open) => {
      await using fixture = await open();
      await fixture.queue.openStream(testStream(1));
      await fixture.queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
      await fixture.queue.append(testBatch([{ stream: 1, from: 100, to: 150 }]));
      let own = await owned(fixture.queue, front, 'archive');
      const plan = testPlan(1, 2);
      assert.deepEqual(await fixture.queue.plan(own, plan), plan);
      assert.deepEqual(await fixture.queue.plan(own, { ...plan, last: 1, name: 'other' }), plan);
      await fixture.reopen();
      const { queue } = fixture;
      assert.equal(await queue.plan(own, plan), 'fenced');
      own = await owned(queue, front, 'archive');
      assert.deepEqual(await queue.currentPlan(own), plan);
      const object = testObject(plan);
      const segments = [{ key: testKey(1), from: 0, to: 150 }];
      await assert.rejects(
        queue.commit({ lease: own, to: 2, archived: { plan: { ...plan, name: 'other' }, object, segments } }),
        {
          code: 'QUEUE_PLAN',
        },
      );
      assert.equal(await queue.commit({ lease: own, to: 2, archived: { plan, object, segments } }), 'done');
      assert.equal(await queue.currentPlan(own), undefined);
      assert.deepEqual(await queue.archiveObjects(), [object]);
      const { channel, records, rawBytes, objectBytes } = object;
      const sums = { channel, objects: 1, records, rawBytes, objectBytes, restored: 0, leftOut: 0, rejected: 0, removed: 0 };
      assert.deepEqual((await queue.status()).archived, [sums]);
      assert.deepEqual(await queue.openStream(testStream(1)), { held: 150, heldMark: testMark(150), archived: 150 });
      await assert.rejects(queue.plan(own, testPlan(2, 2)), { code: 'QUEUE_RANGE' });
    },
  ],

  [
    `an object of another type's topic tells nothing of where the archive is with a stream`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
      const [batch] = await queue.read({ topic: front, partition: 0, afterSequence: 0 }, { entries: 1, bytes: 1 });
      assert.ok(batch !== undefined);
      const [errors, own] = [backTopic('acme/errors'), backTopic(testChannel)];
      for (const topic of [errors, own]) await queue.publish(topic, 0, { ...batch, format: 'block', segments: [] });
      const archivedBy = async (topic: string): Promise<number> => {
        const lease = await owned(queue, topic, 'archive');
        const plan = { ...testPlan(1, 1), topic, name: topic };
        await queue.plan(lease, plan);
        const segments = [{ key: testKey(1), from: 0, to: 100 }];
        await queue.commit({ lease, to: 1, archived: { plan, object: testObject(plan), segments } });
        return (await queue.openStream(testStream(1))).archived;
      };
      assert.equal(await archivedBy(errors), 0);
      assert.equal(await archivedBy(own), 100);
    },
  ],

  [
    `the archive's position steps over what never comes`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
      await queue.recordGap(testKey(1), { from: 100, to: 200, toMark: '', cause: 'dropped' });
      const own = await owned(queue, front, 'archive');
      const plan = testPlan(1, 1);
      await queue.plan(own, plan);
      const segments = [{ key: testKey(1), from: 0, to: 100 }];
      await queue.commit({ lease: own, to: 1, archived: { plan, object: testObject(plan), segments } });
      assert.equal((await queue.openStream(testStream(1))).archived, 200);
      const next = { from: 200, to: 250, toMark: testMark(250), cause: 'dropped' } as const;
      assert.equal((await queue.recordGap(testKey(1), next)).archived, 250);
    },
  ],

  [
    `rows of objects that the index lacks are added once, whoever has the group, and counted as restored`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const rows = [1, 2].map((first) => ({
        ...testObject(testPlan(first, first)),
        eventMsMin: undefined,
        eventMsMax: undefined,
      }));
      const [one = assert.fail(), other = assert.fail()] = rows;
      assert.equal(await queue.addArchived([one]), 1);
      assert.equal(await queue.addArchived([one, other]), 1);
      assert.equal(await queue.addArchived([one, other]), 0);
      assert.deepEqual(await queue.archiveObjects(), rows);
      const [sums] = (await queue.status()).archived;
      const records = one.records + other.records;
      assert.partialDeepStrictEqual(sums, { objects: 2, records, restored: records });
    },
  ],

  [
    `a commit whose object is in the index already, as somebody made its row of the manifest, counts as any other`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
      const own = await owned(queue, front, 'archive');
      const plan = testPlan(1, 1);
      await queue.plan(own, plan);
      const object = testObject(plan);
      await queue.addArchived([object]);
      assert.equal(await queue.commit({ lease: own, to: 1, archived: { plan, object, segments: [] } }), 'done');
      assert.deepEqual(await queue.archiveObjects(), [object]);
      const [sums] = (await queue.status()).archived;
      assert.partialDeepStrictEqual(sums, { objects: 1, records: object.records, restored: 0 });
    },
  ],

  [
    `rows of the archive's index that were lost are put back once, by the group's owner only`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
      const own = await owned(queue, front, 'archive');
      const plan = testPlan(1, 1);
      await queue.plan(own, plan);
      const known = testObject(plan);
      await queue.commit({ lease: own, to: 1, archived: { plan, object: known, segments: [] } });
      const found = { ...known, name: 'found', first: 7, last: 9, eventMsMin: undefined, eventMsMax: undefined };
      assert.equal(await queue.restoreArchived(own, [found]), 'done');
      assert.deepEqual(await queue.archiveObjects(), [known, found]);
      assert.equal(await queue.restoreArchived({ ...own, epoch: own.epoch - 1 }, [{ ...found, name: 'other' }]), 'fenced');
      assert.deepEqual(await queue.archiveObjects(), [known, found]);
      const [sums] = (await queue.status()).archived;
      const records = known.records + found.records;
      assert.partialDeepStrictEqual(sums, { objects: 2, records, restored: found.records });
    },
  ],

  [
    `what the archive passes without a row is counted: left out, kept as a dead letter, skipped by hand`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      const recordsOf: number[] = [];
      for (const from of [0, 100, 200]) {
        const batch = testBatch([{ stream: 1, from, to: from + 100 }]);
        recordsOf.push(batch.records);
        await queue.append(batch);
      }
      const [first = 0, second = 0, third = 0] = recordsOf;
      const own = await owned(queue, front, 'archive');
      const plan = testPlan(1, 2);
      await queue.plan(own, plan);
      const archived = { plan, object: undefined, segments: [], leftOutRecords: first };
      const deadLetters = [{ sequence: 2, reason: 'no block' }];
      assert.equal(await queue.commit({ lease: own, to: 2, archived, deadLetters }), 'done');
      const none = { channel: testChannel, objects: 0, records: 0, rawBytes: 0, objectBytes: 0, restored: 0, removed: 0 };
      assert.deepEqual((await queue.status()).archived, [{ ...none, leftOut: first, rejected: second }]);
      assert.equal(await queue.skipEntries({ topic: front, group: 'archive', partition: 0 }, 1, 'by hand'), 1);
      assert.deepEqual((await queue.status()).archived, [{ ...none, leftOut: first, rejected: second + third }]);
    },
  ],

  [
    `who waits for the archive is heard`,
    async (open) => {
      await using fixture = await open();
      const heard: unknown[] = [];
      const remove = fixture.queue.onArchiveRequested((...told) => heard.push(told));
      fixture.queue.requestArchive(testChannel, 0);
      fixture.queue.requestArchive(testChannel);
      remove();
      fixture.queue.requestArchive(testChannel);
      assert.deepEqual(heard, [
        [testChannel, 0],
        [testChannel, undefined],
      ]);
    },
  ],
];
