/**
 * Finds the records in an inflated body: lines end after each `\n` and at the segment's cuts; where there are lengths, these tell.
 * Then gives each its position: what the edge left out (drops) makes positions jump, and what hops trimmed is skipped. A record
 * that began before the trim's position begins there, as its first part arrived before.
 *
 * Nothing is decoded or copied: the result is columns of lengths, flags and jumps over the body's own bytes.
 */
import type { Cut } from '@tributary/protocol/messages.ts';
import type { KeptRange } from '@tributary/protocol/trims.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { EntrySegment } from '../queue/queue.ts';
import { recordFlags } from './block.ts';

/** A body that is not what its segments say. The reason becomes the dead letter's. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
  readonly code = 'BATCH_UNREADABLE';
}

/** What is known of each record, growing; one for all segments of a batch. */
export class RecordColumns {
  readonly lengths: Uint32Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;
  /** Positions between the end of the record before it and this one; of a segment's first record, from where it is kept. */
  readonly skipped: Float64Array<ArrayBuffer>;
  records = 0;

  constructor(recordsMax: number) {
    this.lengths = new Uint32Array(recordsMax);
    this.flags = new Uint8Array(recordsMax);
    this.skipped = new Float64Array(recordsMax);
  }

  add(length: number, flags: number): void {
    this.lengths[this.records] = length;
    this.flags[this.records] = flags;
    this.records += 1;
  }

  /** Record `from` becomes record `to`, shorter and elsewhere. */
  move(from: number, to: number, now: { readonly length: number; readonly skipped: number }): void {
    this.flags[to] = this.flags[from] ?? 0;
    this.lengths[to] = now.length;
    this.skipped[to] = now.skipped;
  }

  /** Forgets the records from this one on. */
  cutOff(records: number): void {
    this.skipped.fill(0, records, this.records);
    this.records = records;
  }
}

/** What is left of a segment: its first position, and where in the segment's bytes it begins and ends. */
export interface KeptSegment {
  readonly from: number;
  readonly records: number;
  readonly byteOffset: number;
  readonly byteEnd: number;
  /** Where the last record that is kept ends; `from` where none is. */
  readonly end: number;
}

/**
 * Splits one segment and appends its records to `out`. `bytes` are the segment's in the body; `range` is what is to be read of it
 * (all, or what its trim left). Throws a BatchError when the segment's figures do not fit its bytes.
 */
export function splitSegment(bytes: Buffer, segment: EntrySegment, range: KeptRange, out: RecordColumns): KeptSegment {
  const { from, to } = range;
  assert(from >= segment.from && from <= to && to <= segment.to, 'a trim lies within its segment');
  assert(bytes.length === segment.bytes, 'the caller cuts the body at the segments');
  checkPositions(segment);
  const first = out.records;
  if (segment.lengths.length > 0) addLengths(segment, out);
  else addLines(bytes, segment, out);
  if (segment.stream.attributes.counted) return placeCounted(segment, range, { out, first });
  if (segment.drops.length > 0 || from > segment.from || to < segment.to) return place(segment, range, { out, first });
  return { from, records: out.records - first, byteOffset: 0, byteEnd: segment.bytes, end: to };
}

/** Intake sees how lengths, drops and positions fit each other, but not which kind of stream they are of. */
function checkPositions({ stream, from, to, records, bytes, lengths, drops }: EntrySegment): void {
  const dropped = drops.reduce((sum, { span }) => sum + span, 0);
  if (!stream.attributes.counted) {
    if (to - from === bytes + dropped) return;
    throw new BatchError(`a segment of ${to - from} positions has ${bytes} bytes and ${dropped} left out`);
  }
  if (lengths.length !== records || to - from !== records) throw new BatchError(countProblem(records, String(lengths.length)));
  if (drops.length > 0) throw new BatchError('a segment of counted records has drops');
}

function addLines(bytes: Buffer, segment: EntrySegment, out: RecordColumns): void {
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
    out.add(end - start, isCut ? flagsOf(next) : 0);
    start = end;
    if (start >= lineEnd) lineEnd = endOfLine(bytes, start);
  }
  if (found !== segment.records)
    throw new BatchError(countProblem(segment.records, start < bytes.length ? 'more' : String(found)));
}

/** One past the bytes' end for a line without terminator, so that a cut at their end is seen to come first. */
function endOfLine(bytes: Buffer, from: number): number {
  const newline = bytes.indexOf(0x0a, from);
  return newline === -1 ? bytes.length + (from < bytes.length ? 1 : 0) : newline + 1;
}

function addLengths({ lengths, records, bytes, cuts, stream }: EntrySegment, out: RecordColumns): void {
  if (!stream.attributes.counted && lengths.includes(0)) throw new BatchError('a record without bytes has no position');
  if (lengths.length !== records) throw new BatchError(countProblem(records, String(lengths.length)));
  let end = 0;
  let cut = 0;
  for (const length of lengths) {
    end += length;
    const next = cuts[cut];
    if (next !== undefined && next.offset < end) throw new BatchError(`a cut at byte ${next.offset} is within a record`);
    if (next?.offset !== end) out.add(length, 0);
    else {
      out.add(length, flagsOf(next));
      cut += 1;
    }
  }
  if (end !== bytes) throw new BatchError(`the records' lengths add up to ${end} bytes instead of ${bytes}`);
}

function flagsOf(cut: Cut): number {
  return cut.cause === 'end' ? 0 : recordFlags.partial;
}

interface AddedRecords {
  readonly out: RecordColumns;
  /** The segment's first record in it. */
  readonly first: number;
}

/** Walks the records once: a drop moves what is behind it, and what lies outside of the range goes. */
function place(segment: EntrySegment, { from, to }: KeptRange, { out, first }: AddedRecords): KeptSegment {
  const { drops } = segment;
  let position = segment.from;
  let offset = 0;
  let drop = 0;
  let kept = first;
  let byteOffset = segment.bytes;
  let byteEnd = segment.bytes;
  let end = from;
  for (let record = first; record < out.records; record += 1) {
    for (; drops[drop]?.offset === offset; drop += 1) position += drops[drop]?.span ?? 0;
    const length = out.lengths[record] ?? 0;
    const begin = Math.max(position, from);
    const stop = Math.min(position + length, to);
    if (stop > begin) {
      if (kept === first) byteOffset = offset + (begin - position);
      out.move(record, kept, { length: stop - begin, skipped: begin - end });
      end = stop;
      byteEnd = offset + (stop - position);
      kept += 1;
    }
    offset += length;
    position += length;
  }
  if (drops[drop]?.offset === offset) drop += 1;
  if (drop < drops.length) throw new BatchError(`what was left out at byte ${drops[drop]?.offset} is not between records`);
  out.cutOff(kept);
  return { from, records: kept - first, byteOffset, byteEnd, end };
}

function placeCounted(segment: EntrySegment, { from, to }: KeptRange, { out, first }: AddedRecords): KeptSegment {
  const skip = from - segment.from;
  const records = to - from;
  let byteOffset = 0;
  for (let index = 0; index < skip; index += 1) byteOffset += segment.lengths[index] ?? 0;
  let byteEnd = byteOffset;
  for (let index = skip; index < skip + records; index += 1) byteEnd += segment.lengths[index] ?? 0;
  out.lengths.copyWithin(first, first + skip, out.records);
  out.flags.copyWithin(first, first + skip, out.records);
  out.cutOff(first + records);
  return { from, records, byteOffset, byteEnd, end: to };
}

function countProblem(declared: number, found: string): string {
  return `a segment declares ${declared} records and has ${found}`;
}
