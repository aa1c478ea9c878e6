/** Plans and archive objects: invariant 5. */
import assert from 'node:assert/strict';
import { testBatch, testChannel, testKey, testMark, testStream } from '../fixture.ts';
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
      assert.deepEqual((await queue.status()).archived, [{ channel, objects: 1, records, rawBytes, objectBytes }]);
      assert.deepEqual(await queue.openStream(testStream(1)), { held: 150, heldMark: testMark(150), archived: 150 });
      await assert.rejects(queue.plan(own, testPlan(2, 2)), { code: 'QUEUE_RANGE' });
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
      assert.partialDeepStrictEqual(sums, { objects: 2, records: known.records + found.records });
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
