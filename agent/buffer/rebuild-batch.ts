import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { WholeBatch } from './writer-contract.ts';

/**
 * The batch without some of its segments, or undefined when none is left. Only for a batch that no site has seen as a whole in
 * doubt: its body changes, so it is made anew, with its id. Synchronous, as it happens only after damage.
 */
export function withoutSegments(
  batch: OutboxBatch,
  body: Uint8Array,
  dropped: ReadonlySet<OutboxSegment>,
): Omit<WholeBatch, 'overflow'> | undefined {
  const inflated = zstdDecompressSync(body);
  const segments: OutboxSegment[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const segment of batch.segments) {
    if (!dropped.has(segment)) {
      segments.push(segment);
      parts.push(inflated.subarray(offset, offset + segment.bytes));
    }
    offset += segment.bytes;
  }
  if (segments.length === 0) return undefined;
  const bytes = Buffer.concat(parts);
  const compressed = new Uint8Array(zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }));
  const records = segments.reduce((sum, segment) => sum + segment.records, 0);
  return {
    batch: {
      ...batch,
      segments,
      records,
      inflatedBytes: bytes.length,
      bodyBytes: compressed.length,
      checksum: checksumOf(compressed),
    },
    body: compressed,
  };
}
