/**
 * Segments and trims of an entry as stored: JSON without names, and streams by their row.
 *
 * `[stream, from, to, fromMark, toMark, records, bytes, [[offset, cause], …], [length, …], [[offset, span, records], …], host]`. Only
 * segments of a listener have a host, here or at a site below: its streams bring records of many machines. The envelope is
 * `[[[segment, from, to], …], [[siteId, hubId, receivedMs], …], checksum]`; what the first version of the schema stored is the
 * list of trims alone, `[segment, from]` each.
 */
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { Cut, CutCause, Drop, Hop, Segment, Trim } from '@tributary/protocol/messages.ts';
import { keptRanges } from '@tributary/protocol/trims.ts';
import type { EntrySegment, NewEntry, StreamInfo } from '../queue.ts';

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
  ...host: readonly string[],
];

type TrimTuple = readonly [segment: number, from: number, to?: number];
type HopTuple = readonly [siteId: string, hubId: string, receivedMs: number];
type EnvelopeTuple = readonly [trims: readonly TrimTuple[], hops: readonly HopTuple[], checksum: number];

export type StoredEnvelope = Pick<NewEntry, 'trims' | 'hops' | 'checksum'>;

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
    ...(host !== undefined && { host }),
  }));
}

function ofHost(stream: StreamInfo, host: string | undefined): StreamInfo {
  return host === undefined ? stream : { ...stream, attributes: { ...stream.attributes, host } };
}

export function encodeEnvelope({ trims, hops, checksum }: StoredEnvelope): string {
  const tuple: EnvelopeTuple = [
    trims.map((trim): TrimTuple => [trim.segment, trim.from, trim.to]),
    hops.map((hop): HopTuple => [hop.siteId, hop.hubId, hop.receivedMs]),
    checksum,
  ];
  return JSON.stringify(tuple);
}

/** `body` is asked for where the checksum was not stored. */
export function decodeEnvelope(stored: string, body: Uint8Array): StoredEnvelope {
  const tuple: EnvelopeTuple | readonly TrimTuple[] = JSON.parse(stored);
  if (!isEnvelope(tuple)) return { trims: tuple.map(trimOf), hops: [], checksum: checksumOf(body) };
  const [trims, hops, checksum] = tuple;
  return {
    trims: trims.map(trimOf),
    hops: hops.map(([siteId, hubId, receivedMs]): Hop => ({ siteId, hubId, receivedMs })),
    checksum,
  };
}

/** What is kept of each segment, by the row of its stream. */
export function keptSegments(
  segments: string,
  envelope: string,
): { readonly stream: number; readonly from: number; readonly to: number }[] {
  const tuples: readonly SegmentTuple[] = JSON.parse(segments);
  const places = tuples.map(([stream, from, to]) => ({ stream, from, to }));
  const kept = keptRanges(places, decodeEnvelope(envelope, noBody).trims);
  return kept.flatMap(({ from, to }, index) => {
    const stream = places[index]?.stream;
    return stream === undefined || from >= to ? [] : [{ stream, from, to }];
  });
}

const noBody = new Uint8Array(0);

function isEnvelope(tuple: EnvelopeTuple | readonly TrimTuple[]): tuple is EnvelopeTuple {
  return typeof tuple[2] === 'number';
}

function trimOf([segment, from, to = 0]: TrimTuple): Trim {
  return { segment, from, to };
}
