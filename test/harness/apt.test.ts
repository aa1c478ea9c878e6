import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locked } from './apt.ts';
import { requireTool } from './require.ts';
import { Scratch } from './scratch.ts';

test('one at a time, also when one of them fails', { skip: await requireTool('flock') }, async () => {
  await using scratch = await Scratch.make();
  const steps: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    steps.push(`${name} begins`);
    await new Promise(setImmediate);
    steps.push(`${name} ends`);
    if (name === 'b') throw new Error('b fails');
  };
  const ends = await Promise.allSettled(['a', 'b', 'c'].map(async (name) => await locked(work(name), scratch.file('lock'))));
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(steps.length, 6);
  for (let index = 0; index < steps.length; index += 2) {
    assert.equal(steps[index + 1], steps[index]?.replace('begins', 'ends'), steps.join(', '));
  }
});
