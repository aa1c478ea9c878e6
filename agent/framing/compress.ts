import { checksumOf } from '@tributary/protocol/checksum.ts';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';

const zstd = promisify(zstdCompress);
/** From here on Node never takes memory from its pool. */
const ownMemoryBytesMin = 64 * 1024;
const outputBytesMin = 4 * 1024;

export interface Compressed {
  /** One zstd frame with content checksum and size, in memory of its own, so that it can be transferred to a thread. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly checksum: number;
}

/** Compresses in libuv's pool. `bytes` must not change until it resolves. */
export async function compress(bytes: Uint8Array): Promise<Compressed> {
  // Lines compress to a quarter or less: half is nearly always enough, so that the output is one piece.
  const chunkSize = Math.max(bytes.length >> 1, outputBytesMin);
  const output = await zstd(bytes, {
    chunkSize,
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  const body = new Uint8Array(output);
  if (output.length >= ownMemoryBytesMin) freeMemory(output, chunkSize - output.length);
  return { body, checksum: checksumOf(body) };
}
