import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, createZstdCompress, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { testBody } from './recording-peer.ts';
import { bodyProblem } from './zstd-frame.ts';

const head = [0x28, 0xb5, 0x2f, 0xfd];
const lastBlock = [1, 0, 0];

test('whatever agents make is taken, at any level and size', async () => {
  for (const bytes of [0, 1, 255, 256, 257, 65_791, 65_792, 500_000, 4 * 1024 * 1024]) {
    const content = Buffer.alloc(bytes, 'GET /index.html 200\n');
    for (const level of [1, 3, 19]) {
      if (level === 19 && bytes > 100_000) continue;
      const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: level % 2 };
      assert.equal(bodyProblem(zstdCompressSync(content, { params }), bytes), undefined, `${bytes} at level ${level}`);
      assert.equal(
        bodyProblem(zstdCompressSync(content, { params, pledgedSrcSize: bytes }), bytes),
        undefined,
        `${bytes} pledged`,
      );
    }
    assert.equal(bodyProblem(await streamed(content), bytes), undefined, `${bytes} streamed`);
  }
});

test('a body whose output ended exactly with a chunk is taken: Node appends a frame that holds nothing', async () => {
  const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
  const chunkSize = 4096;
  // Bytes that do not compress, as many as make a frame of one chunk.
  const frameHead = zstdCompressSync(randomBytes(4000), { params, pledgedSrcSize: 4000 }).length - 4000;
  const content = randomBytes(chunkSize - frameHead);
  const body = await promisify(zstdCompress)(content, { chunkSize, pledgedSrcSize: content.length, params });
  assert.ok(body.length > chunkSize, 'the second frame is there');
  assert.equal(bodyProblem(body, content.length), undefined);
  assert.equal(bodyProblem(Buffer.concat([body, body]), content.length)?.reason, 'corrupt');
});

test('the test body is zstd', () => {
  assert.equal(zstdDecompressSync(testBody(300_000)).length, 300_000);
  assert.equal(testBody(10, 100_000).length, 100_000);
});

test('a bomb is told by the size that it declares, and by its runs', () => {
  const content = Buffer.alloc(1_000_000);
  const body = zstdCompressSync(content, { pledgedSrcSize: content.length });
  assert.partialDeepStrictEqual(bodyProblem(body, 1000), { reason: 'too-large' });
  assert.match(bodyProblem(body, 1000)?.hint ?? '', /1000000 bytes, its batch says 1000/);
  assert.partialDeepStrictEqual(bodyProblem(body, 1_000_001), { reason: 'corrupt' });
  const huge = Uint8Array.from([...head, 0b1110_0000, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...lastBlock]);
  assert.partialDeepStrictEqual(bodyProblem(huge, 1000), { reason: 'too-large' });
  // A million runs of 128 KiB: 128 GiB in 4 MiB, seen without inflating any of it.
  const runs = Buffer.alloc(4 * 1024 * 1024, Uint8Array.of(0b010, 0, 0b1_0000, 0x61));
  const bomb = Buffer.concat([Uint8Array.of(...head, 0, 0x50), runs, Uint8Array.from(lastBlock)]);
  assert.partialDeepStrictEqual(bodyProblem(bomb, 4 * 1024 * 1024), { reason: 'too-large' });
});

test('a window of more than 8 MiB is refused', () => {
  const windowed = (descriptor: number): Uint8Array => Uint8Array.from([...head, 0, descriptor, ...lastBlock]);
  assert.equal(bodyProblem(windowed(13 << 3), 0), undefined);
  assert.partialDeepStrictEqual(bodyProblem(windowed((13 << 3) | 1), 0), { reason: 'too-large' });
  assert.partialDeepStrictEqual(bodyProblem(windowed(0xff), 0), { reason: 'too-large' });
});

test('one frame, whole, and nothing else', () => {
  const content = Buffer.from('one\ntwo\n');
  const body = zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  assert.equal(bodyProblem(body, content.length), undefined);
  for (let length = 0; length < body.length; length += 1) {
    assert.equal(bodyProblem(body.subarray(0, length), content.length)?.reason, 'corrupt', `cut at ${length}`);
  }
  const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0);
  for (const wrong of [
    Buffer.concat([body, body]),
    Buffer.concat([body, skippable]),
    Buffer.concat([skippable, body]),
    Buffer.concat([body, Uint8Array.of(0)]),
    Buffer.from('no zstd at all'),
    Uint8Array.from([...head, 0b1000, 0x50, ...lastBlock]),
    Uint8Array.from([...head, 0b01, 0x50, 7, ...lastBlock]),
    // A block of the kind that is reserved, and one that is too long.
    Uint8Array.from([...head, 0, 0x50, 0b111, 0, 0]),
    Uint8Array.from([...head, 0, 0x50, 0b1001, 0, 0b1_0000, 0]),
  ]) {
    assert.equal(bodyProblem(wrong, content.length)?.reason, 'corrupt');
  }
});

test('any bytes are judged, and none does harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, begins) => {
      const body = begins ? Uint8Array.from([...head, ...bytes]) : bytes;
      const problem = bodyProblem(body, 100);
      if (problem !== undefined) return;
      // What passes is a frame to zstd as well, or damaged inside of its blocks.
      assert.deepEqual([...body.subarray(0, 4)], head);
    }),
    { numRuns: 2000 },
  );
});

/** As an agent does it whose context is kept: nothing declared, ended by a flush. */
async function streamed(content: Uint8Array): Promise<Uint8Array> {
  const stream = createZstdCompress();
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  stream.write(content);
  await new Promise<void>((resolve) => {
    stream.flush(constants.ZSTD_e_end, () => resolve());
  });
  stream.close();
  return Buffer.concat(parts);
}
