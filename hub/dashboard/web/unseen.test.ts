import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { textPieces } from './unseen.ts';

suite('what is not seen of a text', () => {
  test('controls and turns of direction are named, and nothing is lost', () => {
    const text = 'user \u202Enimda\u202C \u001B[31mred\u0000\u0085\u{E0041}';
    const pieces = textPieces(text);
    assert.equal(pieces.map((piece) => piece.text).join(''), text);
    assert.deepEqual(
      pieces.flatMap(({ unseen }) => unseen ?? []),
      ['RLO', 'PDF', 'ESC', 'NUL', 'U+0085', 'U+E0041'],
    );
  });

  test('other scripts, tabs and joined emoji stay whole', () => {
    for (const text of ['', 'plain', 'مرحبا بالعالم', 'a\tb\nc', '👩‍👩‍👧', 'zwölf 日本'])
      assert.deepEqual(textPieces(text), [{ text }]);
  });
});
