/**
 * What both stores keep of an entry's segments and hops as JSON without names:
 * `[from, to, fromMark, toMark, records, bytes, [[offset, cause], …], [length, …], [[offset, span, records], …], host]` and
 * `[siteId, hubId, receivedMs]`. Only segments of a listener have a host, here or at a site below: its streams bring records of many
 * machines.
 */
import type { Cut, CutCause, Drop, Hop, Segment } from '@tributary/protocol/messages.ts';
import type { StreamInfo } from './queue.ts';

export type SegmentTuple = readonly [
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

export type HopTuple = readonly [siteId: string, hubId: string, receivedMs: number];

export function segmentTuple(segment: Segment): SegmentTuple {
  const { from, to, fromMark, toMark, records, bytes, cuts, lengths, drops, host } = segment;
  return [
    from,
    to,
    fromMark,
    toMark,
    records,
    bytes,
    cuts.map((cut) => [cut.offset, cut.cause] as const),
    lengths,
    drops.map((drop) => [drop.offset, drop.span, drop.records] as const),
    ...(host === undefined ? [] : [host]),
  ];
}

export function segmentOfTuple(tuple: SegmentTuple): Segment {
  const [from, to, fromMark, toMark, records, bytes, cuts, lengths, drops, host] = tuple;
  return {
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
  };
}

/** The stream as one segment of it has it. */
export function ofHost(stream: StreamInfo, host: string | undefined): StreamInfo {
  return host === undefined ? stream : { ...stream, attributes: { ...stream.attributes, host } };
}

export function hopTuple({ siteId, hubId, receivedMs }: Hop): HopTuple {
  return [siteId, hubId, receivedMs];
}

export function hopOfTuple([siteId, hubId, receivedMs]: HopTuple): Hop {
  return { siteId, hubId, receivedMs };
}

const textBytesFree = 16_384;

/**
 * What an entry counts for. What describes its records is a little beside their bytes, and counts for nothing; beyond some length it counts like
 * the body, as a body of a few bytes may come with lengths of very many records.
 */
export function countedBytes(bodyBytes: number, textLength: number): number {
  return bodyBytes + Math.max(0, textLength - textBytesFree);
}
