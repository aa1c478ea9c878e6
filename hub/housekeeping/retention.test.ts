import assert from 'node:assert/strict';
import { test } from 'node:test';
import { housekeepingOptions } from '../config/housekeeping-options.ts';
import { retentionOf } from './retention.ts';

const dayMs = 86_400_000;

test('the first rule that fits holds, and nothing of the archive goes unless it is asked for', () => {
  const none = retentionOf(housekeepingOptions.parse({}));
  assert.equal(none('archive', { tenant: 'shop', types: ['web'] }), undefined);
  assert.equal(none('indices', { tenant: 'shop', types: ['web'] }), undefined);
  assert.equal(none('dead_letters', { tenant: 'shop', types: ['web'] }), undefined);
  assert.equal(none('streams', { tenant: 'shop', types: ['web'] }), 30 * dayMs);
  const retention = retentionOf(
    housekeepingOptions.parse({
      retention: [
        { kind: 'indices', tenant: 'shop', type: 'debug', age: '2d' },
        { kind: 'indices', type: 'platform', age: '14d' },
        { kind: 'indices', tenant: 'shop', age: '90d' },
        { kind: 'archive', age: '3650d' },
      ],
    }),
  );
  assert.equal(retention('indices', { tenant: 'shop', types: ['debug'] }), 2 * dayMs);
  assert.equal(retention('indices', { tenant: 'other', types: ['audit', 'platform'] }), 14 * dayMs);
  assert.equal(retention('indices', { tenant: 'shop', types: ['web'] }), 90 * dayMs);
  assert.equal(retention('indices', { tenant: 'other', types: ['web'] }), undefined);
  assert.equal(retention('archive', { tenant: 'other', types: ['web'] }), 3650 * dayMs);
});

test('a schedule and an age that make no sense are refused', () => {
  assert.equal(housekeepingOptions.safeParse({ schedule: 'at night' }).success, false);
  assert.equal(housekeepingOptions.safeParse({ retention: [{ kind: 'archive', age: '1s' }] }).success, false);
  assert.equal(housekeepingOptions.safeParse({ retention: [{ kind: 'archive' }] }).success, false);
});
