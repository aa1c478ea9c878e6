import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutText } from './cut-text.ts';

test('a part is the same text', () => {
  for (const text of [
    '',
    'short',
    'a line with a longer part',
    'Grüße aus Wien… an alle',
    '😀😀😀😀😀😀😀😀',
    '\ud83d half of a character',
  ])
    for (let from = 0; from <= text.length; from += 1)
      for (let to = from; to <= text.length; to += 1) assert.equal(cutText(text, from, to), text.slice(from, to));
});

test('without an end it goes to the end', () => {
  assert.equal(cutText('GET /a/long/path?of=many HTTP/1.1', 4), '/a/long/path?of=many HTTP/1.1');
});
