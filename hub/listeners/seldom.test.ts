import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@tributary/shared/clock.ts';
import { Seldom } from './seldom.ts';

test('the same is told once in a while, and not more different things than there is room for', () => {
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const seldom = new Seldom(clock, { againMs: 1000, most: 2 });
  assert.deepEqual(
    ['a', 'a', 'b', 'c'].map((what) => seldom.isNews(what)),
    [true, false, true, false],
  );
  now = 999;
  assert.equal(seldom.isNews('a'), false);
  now = 1000;
  assert.equal(seldom.isNews('a'), true);
});
