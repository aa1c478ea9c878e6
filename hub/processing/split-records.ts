/**
 * Finds the records in an inflated body: lines end after each `\n` and at the segment's cuts, counted records have lengths. What
 * hops trimmed is skipped: a record that began before the trim's position begins there, as its first part arrived before.
 *
 * Nothing is decoded or copied: the result is columns of lengths and flags over the body's own bytes.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { EntrySegment } from '../queue/queue.ts';
import { recordFlags } from './block.ts';

/** A body that is not what its segments say. The reason becomes the dead letter's. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
  readonly code = 'BATCH_UNREADABLE';
}

/** Lengths and flags of records, growing; one for all segments of a batch. */
export class RecordColumns {
  readonly lengths: Uint32Array;
  readonly flags: Uint8Array;
  records = 0;

  constructor(recordsMax: number) {
    this.lengths = new Uint32Array(recordsMax);
    this.flags = new Uint8Array(recordsMax);
  }

  add(length: number, flags: number): void {
    this.lengths[this.records] = length;
    this.flags[this.records] = flags;
    this.records += 1;
  }
}

/** What is left of a segment: its first position, and where in the segment's bytes it begins. */
export interface KeptSegment {
  readonly from: number;
  readonly records: number;
  readonly byteOffset: number;
}

/**
 * Splits one segment and appends its records to `out`. `bytes` are the segment's in the body; `from` is the first position that
 * is to be read (the segment's own, or its trim's). Throws a BatchError when the segment's figures do not fit its bytes.
 */
export function splitSegment(bytes: Buffer, segment: EntrySegment, from: number, out: RecordColumns): KeptSegment {
  assert(from >= segment.from && from <= segment.to, 'a trim lies within its segment');
  assert(bytes.length === segment.bytes, 'the caller cuts the body at the segments');
  return segment.stream.attributes.counted ? splitCounted(segment, from, out) : splitLines(bytes, segment, from, out);
}

function splitLines(bytes: Buffer, segment: EntrySegment, from: number, out: RecordColumns): KeptSegment {
  if (segment.to - segment.from !== bytes.length) {
    throw new BatchError(`a segment of ${segment.to - segment.from} positions has ${bytes.length} bytes`);
  }
  const skip = from - segment.from;
  const first = out.records;
  let start = 0;
  let found = 0;
  let cut = 0;
  let lineEnd = endOfLine(bytes, 0);
  while (start < bytes.length) {
    while ((segment.cuts[cut]?.offset ?? Infinity) <= start) cut += 1;
    const next = segment.cuts[cut];
    const isCut = next !== undefined && next.offset < lineEnd;
    const end = isCut ? next.offset : Math.min(lineEnd, bytes.length);
    found += 1;
    if (found > segment.records) break;
    if (end > skip) out.add(end - Math.max(start, skip), isCut && next.cause !== 'end' ? recordFlags.partial : 0);
    start = end;
    if (start >= lineEnd) lineEnd = endOfLine(bytes, start);
  }
  if (found !== segment.records)
    throw new BatchError(countProblem(segment.records, start < bytes.length ? 'more' : String(found)));
  return { from, records: out.records - first, byteOffset: skip };
}

/** One past the bytes' end for a line without terminator, so that a cut at their end is seen to come first. */
function endOfLine(bytes: Buffer, from: number): number {
  const newline = bytes.indexOf(0x0a, from);
  return newline === -1 ? bytes.length + (from < bytes.length ? 1 : 0) : newline + 1;
}

function splitCounted(segment: EntrySegment, from: number, out: RecordColumns): KeptSegment {
  const { lengths } = segment;
  if (lengths.length !== segment.records || segment.to - segment.from !== segment.records) {
    throw new BatchError(countProblem(segment.records, String(lengths.length)));
  }
  const skip = from - segment.from;
  let byteOffset = 0;
  let sum = 0;
  for (let index = 0; index < lengths.length; index += 1) {
    const length = lengths[index] ?? 0;
    if (index < skip) byteOffset += length;
    else out.add(length, 0);
    sum += length;
  }
  if (sum !== segment.bytes) throw new BatchError(`the records' lengths add up to ${sum} bytes instead of ${segment.bytes}`);
  return { from, records: segment.records - skip, byteOffset };
}

function countProblem(declared: number, found: string): string {
  return `a segment declares ${declared} records and has ${found}`;
}
