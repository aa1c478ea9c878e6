import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { Compressor } from './compress.ts';

/** Half of it compresses to nothing, half not at all; `share` is the second half's. */
function content(length: number, share: number): Buffer {
  const bytes = Buffer.alloc(length, 'heartbeat ok queue=0 lag=0 status=healthy\n');
  let state = length + 1;
  for (let at = Math.floor(length * (1 - share)); at < length; at += 1) {
    state = (state * 48_271) % 2_147_483_647;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

test('every length comes back, whatever it compresses to, in memory that can be handed to a thread', async () => {
  using compressor = new Compressor();
  for (const length of [1, 100, 5000, 131_071, 131_072, 519_300, 1_048_576, 4_000_000]) {
    for (const share of [0, 0.02, 0.5, 1]) {
      const bytes = content(length, share);
      const { body, checksum } = await compressor.compress(bytes);
      assert.equal(body.buffer.byteLength, body.length, 'all of its memory is its own');
      const { body: moved } = structuredClone({ body }, { transfer: [body.buffer] });
      assert.equal(checksumOf(moved), checksum);
      assert.ok(zstdDecompressSync(moved).equals(bytes), `${length} bytes, ${share} random`);
    }
  }
});

test('frames compressed side by side and one after the other stand alone', async () => {
  using compressor = new Compressor();
  const inputs = Array.from({ length: 60 }, (_, index) => content(130_000 + index * 9973, (index % 5) / 40));
  const bodies = await Promise.all(inputs.map((bytes) => compressor.compress(bytes)));
  for (const [index, { body }] of bodies.entries()) assert.ok(zstdDecompressSync(body).equals(inputs[index] ?? Buffer.alloc(0)));
});

test('a body is one frame, also where the output ends exactly with a chunk', async () => {
  using compressor = new Compressor();
  const chunkBytes = 4096;
  // Bytes that do not compress: their frame is longer than they are by as much for each of them.
  const { body: other } = await compressor.compress(randomBytes(4000));
  const { body } = await compressor.compress(randomBytes(chunkBytes - (other.length - 4000)));
  assert.equal(body.length, chunkBytes);
});
