import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';

void test('the bound doubles up to its limit and starts anew after a success', () => {
  const backoff = new Backoff({ msMin: 100, msMax: 500, random: () => 0.999 });
  const waits = Array.from({ length: 5 }, () => backoff.next());
  assert.deepEqual(waits, [99, 199, 399, 499, 499]);
  backoff.reset();
  assert.equal(backoff.next(), 99);
});

void test('a wait is anywhere between nothing and the bound', () => {
  const draws = [0, 0.5];
  const backoff = new Backoff({ msMin: 1000, msMax: 8000, random: () => draws.shift() ?? 0 });
  assert.deepEqual([backoff.next(), backoff.next()], [0, 1000]);
});
