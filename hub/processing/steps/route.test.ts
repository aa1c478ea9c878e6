import assert from 'node:assert/strict';
import { test } from 'node:test';
import { route } from './route.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

test('it names another type, an index, or outputs; a later one adds to an earlier one', () => {
  const record = recordOf('x');
  tryStep(makeStep(route, { type: 'audit', index: 'a' }), record);
  assert.deepEqual(record.destination, { type: 'audit', index: 'a' });
  tryStep(makeStep(route, { index: 'logs-b', outputs: ['archive'] }), record);
  assert.deepEqual(record.destination, { type: 'audit', index: 'logs-b', outputs: ['archive'] });
});

test('back to its own type is no other type', () => {
  const record = recordOf('x');
  record.destination = { type: 'audit' };
  tryStep(makeStep(route, { type: 'app' }), record);
  assert.deepEqual(record.destination, {});
});

test('drop', () => {
  assert.equal(tryStep(makeStep(route, { drop: true }), 'x').result, 'drop');
});

test('what goes nowhere, or in two ways, is refused', () => {
  for (const given of [{}, { drop: true, type: 'a' }, { type: 'A' }, { index: '-x' }, { outputs: [] }])
    assert.equal(route.options.safeParse(given).success, false);
});
