/** How a frame of an object is compressed. Frames one after the other are one valid file for `zstd -dc` and `gzip -dc`. */
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import { gzipLevel, zstdLevel } from './limits.ts';

export type Compression = 'zstd' | 'gzip';

export function extensionOf(compression: Compression): string {
  return compression === 'zstd' ? '.csv.zst' : '.csv.gz';
}

export function compressionOf(objectName: string): Compression {
  return /\.gz(\.enc)?$/.test(objectName) ? 'gzip' : 'zstd';
}

export function compressFrame(compression: Compression, bytes: Uint8Array): Buffer {
  const chunkSize = Math.max(64 * 1024, bytes.length >> 2);
  if (compression === 'gzip') return gzipSync(bytes, { chunkSize, level: gzipLevel });
  return zstdCompressSync(bytes, {
    chunkSize,
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: zstdLevel, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

/** Room behind what is inflated, or zlib would ask for another piece when the first is full. */
const spareBytes = 64;

/** For what `inflateFrame` gave, once nobody looks at it any more. */
export function freeFrame(frame: Uint8Array): void {
  freeMemory(frame, spareBytes);
}

/** Throws when the bytes are not a frame, or not of this size. */
export function inflateFrame(compression: Compression, bytes: Uint8Array, inflatedBytes: number): Buffer {
  const options = { chunkSize: inflatedBytes + spareBytes, maxOutputLength: Math.max(1, inflatedBytes) };
  const inflated = compression === 'gzip' ? gunzipSync(bytes, options) : zstdDecompressSync(bytes, options);
  if (inflated.length !== inflatedBytes)
    throw new Error(`a frame inflates to ${inflated.length} bytes instead of ${inflatedBytes}`);
  return inflated;
}
