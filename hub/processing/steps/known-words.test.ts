import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownWords } from './known-words.ts';

test('a word is that which stands there, whatever stood at its place before', () => {
  const words = new KnownWords();
  const texts = Array.from({ length: 2000 }, (_, number) => `${'<'.repeat(number % 90)}${number}Ā`);
  const line = texts.join(' ');
  for (const round of [0, 1]) {
    let from = 0;
    for (const text of texts) {
      assert.equal(words.at(line, from, from + text.length), text, `round ${round}`);
      from += text.length + 1;
    }
  }
});

test('nothing is a word, too', () => {
  const words = new KnownWords();
  assert.equal(words.at('a b', 1, 1), '');
  assert.equal(words.at('', 0, 0), '');
});
