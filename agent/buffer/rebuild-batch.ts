import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { Outbox, OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { RetainedIndex } from './retained-index.ts';
import type { Adoption, WholeBatch } from './writer-contract.ts';

/** Of batches from which segments are dropped: which go as a whole, and what is left of the others. */
export function splitBatches(
  dropped: ReadonlyMap<number, ReadonlySet<OutboxSegment>>,
  index: RetainedIndex,
  outbox: Pick<Outbox, 'body'>,
): Pick<Adoption, 'removed' | 'rebuilt'> {
  const removed: number[] = [];
  const rebuilt: WholeBatch[] = [];
  for (const [batchId, segments] of dropped) {
    const batch = index.get(batchId);
    const body = outbox.body(batchId);
    assert(batch !== undefined && body !== undefined, 'a batch that was planned with is retained');
    const whole = withoutSegments(batch, body, segments);
    if (whole === undefined) removed.push(batchId);
    else rebuilt.push({ ...whole, overflow: index.overflowOf(batchId) });
  }
  return { removed, rebuilt };
}

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
