import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outdatedDocs } from './generate-docs.ts';

test('the reference pages and schemas are those of the options in the code', () => {
  assert.deepEqual(outdatedDocs(), [], 'node packaging/generate-docs.ts writes them');
});
