import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeadLetter, deadLetterEntry, deadLettersOf } from './dead-letter.ts';

const letter: DeadLetter = {
  output: 'elasticsearch',
  id: 'abc',
  index: 'logs-nginx-acme',
  status: 400,
  type: 'document_parsing_exception',
  reason: "failed to parse field [status] of type [long]: 'x\ny'",
  atMs: 1,
  tries: 1,
  document: '{"status":"x\\ny","message":"\u00e4\u2028"}',
};

test('dead letters are read as they were written', () => {
  const letters = [letter, { ...letter, id: 'def', tries: 3 }];
  const entry = deadLetterEntry(letters, 5);
  assert.equal(entry.records, 2);
  assert.deepEqual(deadLettersOf(entry), letters);
});

test('what is no entry of dead letters is refused', () => {
  assert.throws(() => deadLettersOf({ body: Buffer.from('{}') }));
  const { body } = deadLetterEntry([letter], 1);
  assert.throws(() => deadLettersOf({ body: body.subarray(0, body.length - 5) }));
});
