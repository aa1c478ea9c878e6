import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flushIntervalMsMin, intakeLimits } from './limits.ts';

test('the more agents there are, the longer each gathers; small sites notice nothing', () => {
  const limits = intakeLimits({ smallBatchesPerSecondMax: 500, flushIntervalMsMax: 5000 });
  assert.equal(flushIntervalMsMin(limits, 1), 2);
  assert.equal(flushIntervalMsMin(limits, 100), 200);
  assert.equal(flushIntervalMsMin(limits, 1000), 2000);
  assert.equal(flushIntervalMsMin(limits, 100_000), 5000);
});
