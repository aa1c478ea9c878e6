import { crc32 } from 'node:zlib';

/** CRC-32 of a body as sent: `Batch.checksum`. */
export function checksumOf(body: Uint8Array): number {
  return crc32(body);
}
