import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whenAborted } from './when-aborted.ts';

test('it is told once, whether the signal was aborted before or is later', () => {
  const told: string[] = [];
  const controller = new AbortController();
  whenAborted(controller.signal, () => void told.push('later'));
  assert.equal(told.length, 0);
  controller.abort();
  controller.abort();
  whenAborted(controller.signal, () => void told.push('before'));
  assert.deepEqual(told, ['later', 'before']);
});
