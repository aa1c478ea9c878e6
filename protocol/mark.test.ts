import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markOf, marksDiffer } from './mark.ts';

test('a mark is made of the last 64 bytes', () => {
  const bytes = new Uint8Array(200).map((_, index) => index);
  assert.match(markOf(bytes), /^[0-9a-f]{16}$/);
  assert.equal(markOf(bytes), markOf(bytes.subarray(136)));
  assert.notEqual(markOf(bytes), markOf(bytes.subarray(137)));
  assert.equal(markOf(new TextEncoder().encode('abc')), 'ba7816bf8f01cfea');
});

test('there is no mark before the first byte', () => {
  assert.equal(markOf(new Uint8Array()), '');
});

test('an unknown mark contradicts nothing', () => {
  assert.equal(marksDiffer('', 'ba7816bf8f01cfea'), false);
  assert.equal(marksDiffer('ba7816bf8f01cfea', 'ba7816bf8f01cfea'), false);
  assert.equal(marksDiffer('ba7816bf8f01cfea', '0000000000000000'), true);
});
