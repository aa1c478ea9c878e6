/**
 * Segments and trims of an entry as stored: JSON without names, and streams by their row.
 *
 * `[stream, from, to, fromMark, toMark, records, bytes, [[offset, cause], …], [length, …], [[offset, span, records], …], host]` and
 * `[segment, from]`. Only segments of a listener have a host: its streams bring records of many machines.
 */
import type { Cut, CutCause, Drop, Segment, Trim } from '@tributary/protocol/messages.ts';
import type { EntrySegment, StreamInfo } from '../queue.ts';

export interface StoredSegment extends Segment {
  readonly stream: number;
  /** In place of the stream's. */
  readonly host?: string;
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
  ...host: readonly string[],
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
    ...(segment.host === undefined ? [] : [segment.host]),
  ]);
  return JSON.stringify(tuples);
}

export function decodeSegments(stored: string, streamInfo: (row: number) => StreamInfo): EntrySegment[] {
  const tuples: readonly SegmentTuple[] = JSON.parse(stored);
  return tuples.map(([stream, from, to, fromMark, toMark, records, bytes, cuts, lengths, drops, host]) => ({
    stream: ofHost(streamInfo(stream), host),
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

function ofHost(stream: StreamInfo, host: string | undefined): StreamInfo {
  return host === undefined ? stream : { ...stream, attributes: { ...stream.attributes, host } };
}

export function encodeTrims(trims: readonly Trim[]): string {
  return JSON.stringify(trims.map((trim): TrimTuple => [trim.segment, trim.from]));
}

export function decodeTrims(stored: string): Trim[] {
  const tuples: readonly TrimTuple[] = JSON.parse(stored);
  return tuples.map(([segment, from]) => ({ segment, from }));
}
