/**
 * Segments and trims of an entry as stored: JSON without names, and streams by their row.
 *
 * `[stream, from, to, fromMark, toMark, records, bytes, [[offset, cause], …], [length, …], [[offset, span, records], …]]` and
 * `[segment, from]`.
 */
import type { Cut, CutCause, Drop, Segment, Trim } from '@tributary/protocol/messages.ts';
import type { EntrySegment, StreamInfo } from '../queue.ts';

export interface StoredSegment extends Segment {
  readonly stream: number;
}

type SegmentTuple = readonly [
  stream: number,
  from: number,
  to: number,
  fromMark: string,
  toMark: string,
  records: number,
  bytes: number,
  cuts: readonly (readonly [offset: number, cause: CutCause])[],
  lengths: readonly number[],
  drops: readonly (readonly [offset: number, span: number, records: number])[],
];

type TrimTuple = readonly [segment: number, from: number];

export function encodeSegments(segments: readonly StoredSegment[]): string {
  const tuples: SegmentTuple[] = segments.map((segment) => [
    segment.stream,
    segment.from,
    segment.to,
    segment.fromMark,
    segment.toMark,
    segment.records,
    segment.bytes,
    segment.cuts.map((cut) => [cut.offset, cut.cause] as const),
    segment.lengths,
    segment.drops.map(({ offset, span, records }) => [offset, span, records] as const),
  ]);
  return JSON.stringify(tuples);
}

export function decodeSegments(stored: string, streamInfo: (row: number) => StreamInfo): EntrySegment[] {
  const tuples: readonly SegmentTuple[] = JSON.parse(stored);
  return tuples.map(([stream, from, to, fromMark, toMark, records, bytes, cuts, lengths, drops]) => ({
    stream: streamInfo(stream),
    from,
    to,
    fromMark,
    toMark,
    records,
    bytes,
    cuts: cuts.map(([offset, cause]): Cut => ({ offset, cause })),
    lengths,
    drops: drops.map(([offset, span, dropped]): Drop => ({ offset, span, records: dropped })),
  }));
}

export function encodeTrims(trims: readonly Trim[]): string {
  return JSON.stringify(trims.map((trim): TrimTuple => [trim.segment, trim.from]));
}

export function decodeTrims(stored: string): Trim[] {
  const tuples: readonly TrimTuple[] = JSON.parse(stored);
  return tuples.map(([segment, from]) => ({ segment, from }));
}
