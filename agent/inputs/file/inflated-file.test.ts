import assert from 'node:assert/strict';
import { appendFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressionOf, DamagedFileError, InflatedFile } from './inflated-file.ts';

const content = Buffer.from(Array.from({ length: 30_000 }, (_, at) => `line ${at} ${Math.sin(at)}\n`).join(''));

async function inFile(bytes: Uint8Array, work: (file: InflatedFile, path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-inflated-'));
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  await using handle = await open(path);
  const compression = compressionOf(bytes);
  assert(compression !== undefined);
  const file = new InflatedFile(handle, compression);
  try {
    await work(file, path);
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
}

async function bytesAt(file: InflatedFile, position: number, length: number): Promise<string> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.toString('latin1', 0, bytesRead);
}

for (const [name, compress] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  suite(`a ${name} file`, () => {
    test('is read at any position, in order or not', async () => {
      await inFile(compress(content), async (file) => {
        for (const [position, length] of [
          [0, 10],
          [0, 200_000],
          [150_000, 300_000],
          [149_000, 10],
          [900_000, content.length],
          [5, 1019],
          [5, 1020],
          [content.length, 10],
          [content.length + 10, 10],
        ] as const) {
          const expected = content.toString('latin1', position, position + length);
          assert.equal(await bytesAt(file, position, length), expected, `${position} ${length}`);
        }
        assert.equal(await file.length(), content.length);
      });
    });

    test('of several parts is one', async () => {
      await inFile(Buffer.concat([compress(content), compress(content)]), async (file) => {
        assert.equal(await file.length(), 2 * content.length);
      });
    });

    test('that is not whole yet is read as far as it goes, and on when it has grown', async () => {
      const whole = compress(content);
      const half = whole.subarray(0, whole.length >> 1);
      await inFile(half, async (file, path) => {
        const length = await file.length();
        assert(length > 0 && length < content.length);
        await appendFile(path, whole.subarray(half.length));
        assert.equal(await bytesAt(file, length - 10, content.length), content.toString('latin1', length - 10));
      });
    });

    test('that is damaged says so', async () => {
      const damaged = Buffer.from(compress(content));
      damaged.fill(7, damaged.length >> 1, (damaged.length >> 1) + 100);
      await inFile(damaged, async (file) => {
        await assert.rejects(file.length(), DamagedFileError);
      });
    });
  });
}

test('what is not compressed is not taken for it', () => {
  assert.equal(compressionOf(Buffer.from('plain text')), undefined);
  assert.equal(compressionOf(Buffer.alloc(0)), undefined);
});
