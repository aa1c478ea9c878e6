/** Records that a listener took in, one after the other in one piece of memory, with the length of each. */
import { inflatedBytesMax, recordsMax } from '@tributary/protocol/limits.ts';

export interface RecordBlock {
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
}

export function blockOf(records: readonly (string | Uint8Array)[]): RecordBlock {
  const parts = records.map((record) => (typeof record === 'string' ? Buffer.from(record) : record));
  return { bytes: Buffer.concat(parts), lengths: parts.map((part) => part.length) };
}

/** What one batch may hold at most. A record is never cut. */
export interface BlockLimits {
  readonly bytesMax: number;
  readonly recordsMax: number;
}

const batchLimits: BlockLimits = { bytesMax: inflatedBytesMax, recordsMax };

/**
 * The block as blocks that fit a batch each. Where it is cut follows from the records alone, so the same request sent again is cut at the
 * same places: that is what idempotency by part rests on. No record may be longer than `bytesMax`.
 */
export function fittingBlocks({ bytes, lengths }: RecordBlock, limits: BlockLimits = batchLimits): RecordBlock[] {
  const blocks: RecordBlock[] = [];
  let first = 0;
  let begin = 0;
  let end = 0;
  for (const [index, length] of lengths.entries()) {
    if (index > first && (end + length - begin > limits.bytesMax || index - first === limits.recordsMax)) {
      blocks.push({ bytes: bytes.subarray(begin, end), lengths: lengths.slice(first, index) });
      first = index;
      begin = end;
    }
    end += length;
  }
  if (first < lengths.length) blocks.push({ bytes: bytes.subarray(begin, end), lengths: lengths.slice(first) });
  return blocks;
}
