/** What is known of an owner that died of what it was working on. */
import assert from 'node:assert/strict';
import type { ContractTest } from './contract-test.ts';
import { fill, lease, owned } from './steps.ts';

export const attemptContract: readonly ContractTest[] = [
  [
    `who gets a group is told once whether its last owner gave it back`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await fill(queue, 2);
      const place = { topic: 'platform', group: 'g', partition: 0 };
      const first = await owned(queue, 'platform', 'g');
      assert.equal(first.isAfterUnclean, false, 'nobody had it before');
      await queue.release(first);
      assert.equal(lease(await queue.acquire(place, 'one', 1000)).isAfterUnclean, false);
      const again = lease(await queue.acquire(place, 'one', 1000));
      assert.equal(again.isAfterUnclean, true, 'who comes for its own lease has forgotten it');
      assert.equal(lease(await queue.renew(again, 1000)).isAfterUnclean, false);
      fixture.advance(1001);
      const other = lease(await queue.acquire(place, 'two', 1000));
      assert.equal(other.isAfterUnclean, true, 'the first one let it run out');
      await queue.release(other);
      assert.equal(lease(await queue.acquire(place, 'two', 1000)).isAfterUnclean, false);
    },
  ],

  [
    `a pause, or a cursor moved by hand, is no death of an owner`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await fill(queue, 3);
      const own = await owned(queue, 'platform', 'g');
      await queue.seekGroup(own, { kind: 'sequence', sequence: 2 });
      const next = lease(await queue.acquire(own, 'another', 60_000));
      assert.equal(next.isAfterUnclean, false);
      await queue.pauseGroup('platform', 'g', true);
      await queue.pauseGroup('platform', 'g', false);
      assert.equal(lease(await queue.acquire(own, 'another', 60_000)).isAfterUnclean, false);
    },
  ],

  [
    `tries of an entry are counted over owners and restarts, until it is passed or another one is tried`,
    async (open) => {
      await using fixture = await open();
      await fill(fixture.queue, 4);
      const before = await owned(fixture.queue, 'platform', 'g');
      assert.equal(await fixture.queue.attempt(before, 1), 1);
      await fixture.reopen();
      const { queue } = fixture;
      fixture.advance(60_001);
      const own = lease(await queue.acquire(before, 'another', 60_000));
      assert.deepEqual([before.triesOfNext, own.triesOfNext], [0, 1], 'who has it next is told of them');
      assert.equal(await queue.attempt(before, 1), 'fenced');
      assert.deepEqual([await queue.attempt(own, 1), await queue.attempt(own, 1)], [2, 3]);
      assert.deepEqual([await queue.attempt(own, 2), await queue.attempt(own, 2)], [1, 2]);
      assert.equal(await queue.commit({ lease: own, to: 1 }), 'done');
      assert.equal(await queue.attempt(own, 2), 3, 'it was not passed');
      assert.equal(await queue.commit({ lease: own, to: 2 }), 'done');
      await queue.seekGroup(own, { kind: 'sequence', sequence: 2 });
      const back = lease(await queue.acquire(own, 'another', 60_000));
      assert.equal(back.triesOfNext, 0, 'it was passed since');
      assert.equal(await queue.attempt(back, 2), 1);
      await queue.removeGroup('platform', 'g');
      assert.equal(await queue.attempt(await owned(queue, 'platform', 'g'), 2), 1);
      const unknown = { ...back, group: 'nobody' };
      await assert.rejects(queue.attempt(unknown, 1), { code: 'QUEUE_UNKNOWN' });
    },
  ],
];
