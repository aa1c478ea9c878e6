import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventsOf, linesOf, valuesOf } from './streams.ts';

/** Cut wherever it hurts, also within a character. */
function bodyOf(text: string, partBytes: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, (at += partBytes)));
    },
  });
}

suite('answers that come bit by bit', () => {
  for (const partBytes of [1, 3, 1000]) {
    test(`lines and events are whole in parts of ${partBytes}`, async () => {
      assert.deepEqual(await Array.fromAsync(linesOf(bodyOf('one\n\nzwölf 日本\n', partBytes))), ['one', '', 'zwölf 日本']);
      assert.deepEqual(await Array.fromAsync(valuesOf(bodyOf('{"a":1}\n{"a":"ü"}\n', partBytes))), [{ a: 1 }, { a: 'ü' }]);
      const text = ': nothing new\n\nevent: record\ndata: {"a":1}\n\nevent: end\ndata: {}\n\n';
      assert.deepEqual(await Array.fromAsync(eventsOf(bodyOf(text, partBytes))), [
        { event: 'record', data: '{"a":1}' },
        { event: 'end', data: '{}' },
      ]);
    });
  }

  test('whoever stops taking them ends the answer', async () => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('line\n')),
      cancel: () => {
        isCancelled = true;
      },
    });
    for await (const line of linesOf(body)) {
      assert.equal(line, 'line');
      break;
    }
    assert.ok(isCancelled);
  });
});
