import { checksumOf } from '@tributary/protocol/checksum.ts';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';

const zstd = promisify(zstdCompress);
/** Memory from here on is never part of Node's shared pool, so that it may be detached. */
const ownMemoryBytesMin = 128 * 1024;
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
  const body = ownMemory(output, chunkSize);
  return { body, checksum: checksumOf(body) };
}

/** Shrinks a large piece in place of copying it: its spare memory goes at once instead of at some later collection. */
function ownMemory(output: Buffer<ArrayBuffer>, chunkSize: number): Uint8Array<ArrayBuffer> {
  const alone = chunkSize >= ownMemoryBytesMin && output.byteOffset === 0 && output.length <= chunkSize;
  return alone ? new Uint8Array(output.buffer.transfer(output.length)) : new Uint8Array(output);
}
