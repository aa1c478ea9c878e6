import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressReader, ProgressWriter, progressBuffer } from './thread-progress.ts';

test('the reader sees where the writer is, and whether it gets on', () => {
  const buffer = progressBuffer();
  const writer = new ProgressWriter(buffer);
  const reader = new ProgressReader(buffer);
  assert.partialDeepStrictEqual(reader.read(), { call: 0, at: undefined });
  writer.beginCall(3);
  assert.partialDeepStrictEqual(reader.read(), { call: 3, at: undefined, limitMs: 0 });
  writer.beginRecord(1, 20);
  writer.beginStep(0, 0);
  const first = reader.read();
  assert.deepEqual(first.at, { entry: 1, record: 20, step: 0 });
  writer.beginStep(1, 1000);
  const second = reader.read();
  assert.partialDeepStrictEqual(second, { at: { entry: 1, record: 20, step: 1 }, limitMs: 1000 });
  assert.notEqual(second.begun, first.begun);
  writer.leave();
  assert.partialDeepStrictEqual(reader.read(), { call: 3, at: undefined, limitMs: 0 });
});
