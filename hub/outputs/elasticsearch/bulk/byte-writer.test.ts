import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from './byte-writer.ts';

test('what is handed on holds no more than was written, and is not written over by the next writer', () => {
  const first = new ByteWriter(1 << 20);
  first.text('é is text');
  const one = first.finish();
  assert.equal(one.buffer.byteLength, 10);
  const second = new ByteWriter(10);
  second.ascii('another one');
  const other = second.finish();
  assert.deepEqual(
    [one, other].map((bytes) => Buffer.from(bytes).toString()),
    ['é is text', 'another one'],
  );
});

test('two writers at a time have a buffer each, and grow', () => {
  const [one, other] = [new ByteWriter(0), new ByteWriter(0)];
  const long = 'x'.repeat(300_000);
  one.text(long);
  other.bytes(Buffer.from('short'));
  other.byte(0x21);
  one.cut(299_999);
  assert.equal(Buffer.from(one.finish()).toString(), long.slice(1));
  assert.equal(Buffer.from(other.finish()).toString(), 'short!');
});
