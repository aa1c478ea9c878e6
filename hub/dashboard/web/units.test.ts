import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, count, duration, exact, percent, perSecond, some } from './units.ts';

test('figures have three digits that say something', () => {
  assert.deepEqual([0, 7, 999, 999.6, 1000, 1234, 45_600, 99_960, 2_500_000, -1500].map(count), [
    '0',
    '7',
    '999',
    '1k',
    '1k',
    '1.2k',
    '45.6k',
    '100k',
    '2.5M',
    '−1.5k',
  ]);
  assert.deepEqual([0, 512, 1000, 48_000_000, 1.5e15].map(bytes), ['0 B', '512 B', '1 kB', '48 MB', '1.5 PB']);
  assert.deepEqual([0, 0.04, 0.5, 7.25, 10, 63_300].map(perSecond), ['0/s', '0.04/s', '0.5/s', '7.3/s', '10/s', '63.3k/s']);
  assert.deepEqual([0, 0.72, 9.96, 61.4, 100].map(percent), ['0 %', '0.7 %', '10 %', '61 %', '100 %']);
  assert.equal(exact(48_120_332.4), '48,120,332');
});

test('durations are as long as one needs them', () => {
  const [second, minute, hour] = [1000, 60_000, 3_600_000];
  assert.deepEqual([-5, 400, 59 * second, 61 * second, 59 * minute, hour, 125 * minute, 23 * hour, 50 * hour].map(duration), [
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 h',
    '2 h 5 min',
    '23 h',
    '2 d',
  ]);
});

test('one is one', () => {
  assert.deepEqual(
    [some(0, 'agent'), some(1, 'agent'), some(2000, 'agent'), some(3, 'more', 'more')],
    ['0 agents', '1 agent', '2,000 agents', '3 more'],
  );
});
