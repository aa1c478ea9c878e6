import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameReader } from './frame-reader.ts';

const head = Buffer.from('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n');

function frame(payload: Buffer, options: { final?: boolean; opcode?: number; masked?: boolean } = {}): Buffer {
  const { final = true, opcode = 2, masked = true } = options;
  const { length } = payload;
  const size = length < 126 ? Buffer.alloc(0) : length < 65_536 ? Buffer.alloc(2) : Buffer.alloc(8);
  if (size.length === 2) size.writeUInt16BE(length);
  if (size.length === 8) size.writeBigUInt64BE(BigInt(length));
  const short = size.length === 0 ? length : size.length === 2 ? 126 : 127;
  const start = Buffer.from([(final ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | short]);
  if (!masked) return Buffer.concat([start, size, payload]);
  const key = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([start, size, key, Buffer.from(payload.map((byte, index) => byte ^ (key[index & 3] ?? 0)))]);
}

test('frames of every length arrive whole, however the bytes are cut', () => {
  const payloads = [0, 1, 125, 126, 65_535, 66_000].map((length) => Buffer.alloc(length, length % 251));
  const bytes = Buffer.concat([head, ...payloads.map((payload) => frame(payload))]);
  for (const step of [7, 1000, bytes.length]) {
    const seen: Buffer[] = [];
    const reader = new FrameReader((message) => seen.push(message));
    for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
    assert.equal(seen.length, payloads.length);
    for (const [index, payload] of payloads.entries()) assert.equal(seen[index]?.equals(payload), true);
    assert.equal(reader.midFrame, false);
  }
});

test('fragments are joined, control frames between them are skipped', () => {
  const seen: string[] = [];
  const reader = new FrameReader((message) => seen.push(message.toString()));
  const parts = [
    frame(Buffer.from('a'), { final: false, masked: false }),
    frame(Buffer.from('ping'), { opcode: 9 }),
    frame(Buffer.from('b'), { opcode: 0 }),
  ];
  reader.push(Buffer.concat([head, ...parts]));
  assert.deepEqual(seen, ['ab']);
});

test('a frame cut in the middle is known as such', () => {
  const reader = new FrameReader(() => assert.fail('no frame is whole'));
  reader.push(Buffer.concat([head, frame(Buffer.alloc(50)).subarray(0, 30)]));
  assert.equal(reader.midFrame, true);
});
