import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateState } from './certificate-state.ts';

test('a certificate is told of when it should have been made anew, which is later for agents', () => {
  assert.deepEqual(
    [364, 29, 6, -1].map((days) => certificateState(days, 'hub')),
    ['green', 'yellow', 'red', 'red'],
  );
  assert.deepEqual(
    [29, 6, 0.5].map((days) => certificateState(days, 'agent')),
    ['green', 'yellow', 'red'],
  );
});
