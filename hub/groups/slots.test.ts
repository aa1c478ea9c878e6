import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from './slots.ts';

test('no more work at a time than there are places, in the order of asking, also after a failure', async () => {
  const slots = new Slots(2);
  const started: number[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const done = ends.map(({ promise }, index) =>
    slots.run(async () => {
      started.push(index);
      await promise;
      return index;
    }),
  );
  await settled();
  assert.deepEqual(started, [0, 1]);
  ends[1]?.reject(new Error('broken'));
  await assert.rejects(async () => await done[1], /broken/);
  await settled();
  assert.deepEqual(started, [0, 1, 2]);
  for (const index of [0, 2, 3]) ends[index]?.resolve();
  assert.deepEqual(await Promise.all([done[0], done[2], done[3]]), [0, 2, 3]);
  assert.equal(await slots.run(() => Promise.resolve('free again')), 'free again');
});

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
