import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordText } from './tap.ts';

test('a record of several lines stays together, and writes nothing but text to a terminal', () => {
  assert.equal(recordText({ path: '/var/log/a', text: 'one\n  two' }), '/var/log/a: one\n    two\n');
  assert.equal(
    recordText({ path: '/tmp/\u001b[31m', text: 'a\rb\u001b]0;x\u0007', partial: true }),
    String.raw`/tmp/\x1b[31m: a\x0db\x1b]0;x\x07 …` + '\n',
  );
});
