import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bulkBytesMin, slowMs } from '../limits.ts';
import { Pace } from './pace.ts';

const rules = { bulkBytes: 4 << 20, concurrency: 8 };

test('a server that refuses is given less, and more again by and by', () => {
  const pace = new Pace(rules);
  assert.deepEqual([pace.requests, pace.bytes], [8, 4 << 20]);
  pace.refused();
  assert.deepEqual([pace.requests, pace.bytes], [4, 4 << 20]);
  for (let times = 0; times < 20; times += 1) pace.refused();
  assert.equal(pace.requests, 1);
  assert.equal(pace.bytes, bulkBytesMin);
  pace.answered(10);
  assert.equal(pace.requests, 2);
  pace.answered(10);
  assert.equal(pace.requests, 2, 'one more after a round of all');
  for (let times = 0; times < 100; times += 1) pace.answered(10);
  assert.deepEqual([pace.requests, pace.bytes], [8, 4 << 20]);
});

test('a server that is slow is given less', () => {
  const pace = new Pace(rules);
  pace.answered(slowMs + 1);
  assert.equal(pace.requests, 6);
});

test('what is too large once is not sent again in this size', () => {
  const pace = new Pace(rules);
  pace.tooLarge(1 << 20);
  assert.equal(pace.bytes, 1 << 19);
  for (let times = 0; times < 100; times += 1) pace.answered(10);
  assert.equal(pace.bytes, 1 << 19);
  pace.tooLarge(10);
  assert.equal(pace.bytes, bulkBytesMin);
});
