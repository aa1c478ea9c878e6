import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownText } from './own-text.ts';

test('a text stays the same', () => {
  for (const text of ['', 'plain', 'Größe\xff\0', 'wait…', 'half \ud83d of a character', '😀'.slice(1)])
    assert.equal(ownText(text), text);
  assert.equal(ownText('a text of a comment … and of a value'.slice(0, 17)), 'a text of a comme');
});
