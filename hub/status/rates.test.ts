import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rates } from './rates.ts';

test('a rate is known from the second sample on, and forgets what is long ago', () => {
  const rates = new Rates();
  assert.deepEqual(rates.perSecond(), { records: 0, bytes: 0 });
  rates.sample(0, { records: 100, bytes: 1000 });
  assert.deepEqual(rates.perSecond(), { records: 0, bytes: 0 });
  rates.sample(2000, { records: 300, bytes: 5000 });
  assert.deepEqual(rates.perSecond(), { records: 100, bytes: 2000 });
  for (let second = 3; second < 30; second += 1) rates.sample(second * 1000, { records: 300, bytes: 5000 });
  assert.deepEqual(rates.perSecond(), { records: 0, bytes: 0 });
});
