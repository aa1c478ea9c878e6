import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drop } from './drop.ts';
import { makeStep, tryStep } from './testing.ts';

test('nothing is left of the record', () => {
  assert.equal(tryStep(makeStep(drop, {}), 'anything').result, 'drop');
});
