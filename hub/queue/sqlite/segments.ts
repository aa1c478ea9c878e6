/**
 * Segments and trims of an entry as stored: JSON without names, and streams by their row.
 *
 * A segment is `[stream, …]` and what segment-tuples.ts says. The envelope is
 * `[[[segment, from, to], …], [[siteId, hubId, receivedMs], …], checksum]`; what the first version of the schema stored is the
 * list of trims alone, `[segment, from]` each.
 */
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { Segment, Trim } from '@tributary/protocol/messages.ts';
import { keptRanges } from '@tributary/protocol/trims.ts';
import type { EntrySegment, NewEntry, StreamInfo } from '../queue.ts';
import {
  hopOfTuple,
  hopTuple,
  type HopTuple,
  ofHost,
  segmentOfTuple,
  segmentTuple,
  type SegmentTuple,
} from '../segment-tuples.ts';

export interface StoredSegment extends Segment {
  readonly stream: number;
}

type StoredTuple = readonly [stream: number, ...SegmentTuple];
type TrimTuple = readonly [segment: number, from: number, to?: number];
type EnvelopeTuple = readonly [trims: readonly TrimTuple[], hops: readonly HopTuple[], checksum: number];

export type StoredEnvelope = Pick<NewEntry, 'trims' | 'hops' | 'checksum'>;

export function encodeSegments(segments: readonly StoredSegment[]): string {
  return JSON.stringify(segments.map((segment): StoredTuple => [segment.stream, ...segmentTuple(segment)]));
}

export function decodeSegments(stored: string, streamInfo: (row: number) => StreamInfo): EntrySegment[] {
  const tuples: readonly StoredTuple[] = JSON.parse(stored);
  return tuples.map(([stream, ...tuple]) => {
    const segment = segmentOfTuple(tuple);
    return { ...segment, stream: ofHost(streamInfo(stream), segment.host) };
  });
}

export function encodeEnvelope({ trims, hops, checksum }: StoredEnvelope): string {
  const tuple: EnvelopeTuple = [trims.map((trim): TrimTuple => [trim.segment, trim.from, trim.to]), hops.map(hopTuple), checksum];
  return JSON.stringify(tuple);
}

/** `body` is asked for where the checksum was not stored. */
export function decodeEnvelope(stored: string, body: Uint8Array): StoredEnvelope {
  const tuple: EnvelopeTuple | readonly TrimTuple[] = JSON.parse(stored);
  if (!isEnvelope(tuple)) return { trims: tuple.map(trimOf), hops: [], checksum: checksumOf(body) };
  const [trims, hops, checksum] = tuple;
  return {
    trims: trims.map(trimOf),
    hops: hops.map(hopOfTuple),
    checksum,
  };
}

/** What is kept of each segment, by the row of its stream. */
export function keptSegments(
  segments: string,
  envelope: string,
): { readonly stream: number; readonly from: number; readonly to: number }[] {
  const tuples: readonly StoredTuple[] = JSON.parse(segments);
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
