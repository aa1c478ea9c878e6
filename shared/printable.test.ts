import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, printableLines } from './printable.ts';

test('what a terminal obeys is shown and not done', () => {
  assert.equal(
    printable('\u001b]0;title\u0007\u001b[2Jgone\r\n\u009b31m\u007f'),
    String.raw`\x1b]0;title\x07\x1b[2Jgone\x0d\x0a\x9b31m\x7f`,
  );
  assert.equal(printable('abc\u202etxt.exe\u2066'), String.raw`abc\u202etxt.exe\u2066`);
});

test('the ends of lines stay what they are', () => {
  assert.equal(printableLines('one\u001b[2J\r\ntwo\rthree\n\nfour'), 'one\\x1b[2J\r\ntwo\\x0dthree\n\nfour');
});

test('everything else is left as it is', () => {
  const text = 'a\tb \\x1b é 日本 😀 \u00a0';
  assert.equal(printable(text), text);
});
