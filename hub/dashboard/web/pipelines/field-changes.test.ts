import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldChanges } from './field-changes.ts';

test('what an edit changes of a document is told field by field', () => {
  const before = { message: 'a', http: { status: 200, method: 'GET' }, old: true };
  const after = { message: 'a', http: { status: 503, method: 'GET' }, new: ['x'] };
  assert.deepEqual(fieldChanges(before, after), [
    { name: 'http.method', kind: 'same', before: 'GET', after: 'GET' },
    { name: 'http.status', kind: 'changed', before: '200', after: '503' },
    { name: 'message', kind: 'same', before: 'a', after: 'a' },
    { name: 'new', kind: 'added', before: undefined, after: '["x"]' },
    { name: 'old', kind: 'removed', before: 'true', after: undefined },
  ]);
  assert.deepEqual(fieldChanges(undefined, {}), []);
});
