/**
 * Entries as functions take them and Redis keeps them.
 *
 * What is known of an entry's records beside their bytes is three lines. The functions write the first two, as they decide them: per segment
 * the row of its stream and what is kept of it, `row:from:to` (and `:mark` of what was put where its stream was held), and the trims. The third is JSON without
 * names: the segments and the hops (segment-tuples.ts).
 */
import { channelName, type Trim } from '@tributary/protocol/messages.ts';
import { keptRanges } from '@tributary/protocol/trims.ts';
import { assert } from '@tributary/shared/assert.ts';
import {
  type AppendBatch,
  type ArchiveObject,
  type Entry,
  type EntryFormat,
  type EntrySegment,
  type NewEntry,
  type OpenStreamRequest,
  type StreamInfo,
  streamName,
} from '../queue.ts';
import {
  countedBytes,
  hopOfTuple,
  hopTuple,
  type HopTuple,
  ofHost,
  segmentOfTuple,
  segmentTuple,
  type SegmentTuple,
} from '../segment-tuples.ts';
import type { Argument } from './masters/masters.ts';

type Rest = readonly [segments: readonly SegmentTuple[], hops: readonly HopTuple[]];

const formats = { batch: 'b', block: 'k', event: 'e' } as const satisfies Record<EntryFormat, string>;

/** What goes with the body wherever that is kept. */
export interface StoredBody {
  readonly rest: string;
  readonly body: Uint8Array;
  /** `=id`: the body has a key of its own. Otherwise where both are kept instead of in Redis; empty where they go with the entry. */
  readonly ref: string;
  /** What counts against limits. */
  readonly bytes: number;
}

export function bodyOf(entry: Pick<NewEntry, 'segments' | 'hops' | 'body' | 'format'> | AppendBatch): StoredBody {
  const isPlaced = 'format' in entry && entry.format === 'batch';
  const tuples = entry.segments.map((segment) =>
    segmentTuple(isPlaced && 'stream' in segment ? { ...segment, host: segment.stream.attributes.host } : segment),
  );
  const rest: Rest = [tuples, entry.hops.map(hopTuple)];
  const text = JSON.stringify(rest);
  return { rest: text, body: entry.body, ref: '', bytes: countedBytes(entry.body.byteLength, text.length) };
}

function hasKey({ ref }: StoredBody): boolean {
  return ref.startsWith('=');
}

/** Reference, description and body as they go with a call; `place` is the number of the body's key. */
function storedArgs(stored: StoredBody, place: number): { readonly ref: string; readonly rest: string; readonly body: Argument } {
  const { ref, rest, body } = stored;
  if (hasKey(stored)) return { ref, rest, body: place };
  return ref === '' ? { ref, rest, body } : { ref, rest: '', body: '' };
}

/** Bodies that are put under keys of their own before the call. */
export function bodiesWithKeys(stored: readonly StoredBody[]): readonly StoredBody[] {
  return stored.filter(hasKey);
}

/** From the records on: what `append` takes behind its topic and limits. */
export function appendArgs(batch: AppendBatch, stored: StoredBody, place: number): Argument[] {
  const { ref, rest, body } = storedArgs(stored, place);
  return [
    batch.records,
    batch.inflatedBytes,
    batch.createdMs,
    batch.checksum,
    stored.bytes,
    stored.body.byteLength,
    ref,
    rest,
    batch.segments.length,
    batch.trims.length,
    ...batch.segments.flatMap(({ key, from, to, fromMark, toMark, drops }) => [
      streamName(key),
      from,
      to,
      fromMark,
      toMark,
      drops.map(({ offset, span, records }) => `${offset}:${span}:${records}`).join(','),
    ]),
    ...batch.trims.flatMap(({ segment, from, to }) => [segment, from, to]),
    body,
  ];
}

/** An entry that was made here. `isDescribed`: its streams are not all known. */
export function entryArgs(
  entry: NewEntry,
  stored: StoredBody,
  { place, isDescribed }: { readonly place: number; readonly isDescribed: boolean },
): Argument[] {
  const { ref, rest, body } = storedArgs(stored, place);
  const kept = keptRanges(entry.segments, entry.trims);
  return [
    formats[entry.format],
    entry.records,
    entry.inflatedBytes,
    entry.createdMs,
    entry.checksum,
    stored.bytes,
    stored.body.byteLength,
    ref,
    rest,
    entry.trims.map(({ segment, from, to }) => `${segment} ${from} ${to}`).join(';'),
    body,
    entry.segments.length,
    ...entry.segments.flatMap(({ stream, from, to, toMark }, index) => {
      const range = kept[index] ?? { from, to };
      const { key, attributes, identity, start } = stream;
      const origin = { siteId: key.siteId, agentId: key.agentId };
      const fixed = isDescribed ? fixedText({ key, origin, attributes, start }) : '';
      const source = isDescribed ? JSON.stringify(identity) : '';
      return [streamName(key), from, to, range.from, range.to, toMark, channelName(attributes), fixed, source];
    }),
  ];
}

/** What never changes of a stream. */
export function fixedText({ key, origin, attributes, start }: Omit<OpenStreamRequest, 'identity'>): string {
  return JSON.stringify({ key, origin, attributes, start });
}

export type StoredStream = OpenStreamRequest;

/** Our own text: a stream as it was described, and in the second line where its source is now. */
export function streamOfText(text: string): StoredStream {
  const cut = text.indexOf('\n');
  const fixed: Omit<OpenStreamRequest, 'identity'> = JSON.parse(text.slice(0, cut));
  return { ...fixed, identity: JSON.parse(text.slice(cut + 1)) };
}

/** The row of sums (functions/common.ts). */
export interface Sums {
  readonly receivedMs: number;
  readonly createdMs: number;
  readonly records: number;
  readonly inflatedBytes: number;
  readonly format: EntryFormat;
  readonly checksum: number;
  /** Where the body is kept if not in Redis. */
  readonly ref: string | undefined;
  /** Of the body. */
  readonly bodyBytes: number;
}

export function sumsOfText(text: string): Sums {
  const [receivedMs, createdMs, records, inflatedBytes, , , , letter, checksum, ref = '-', length] = text.split(' ');
  const format = letter === 'b' ? 'batch' : letter === 'k' ? 'block' : 'event';
  return {
    receivedMs: Number(receivedMs),
    createdMs: Number(createdMs),
    records: Number(records),
    inflatedBytes: Number(inflatedBytes),
    format,
    checksum: Number(checksum),
    ref: ref === '-' ? undefined : ref.replace('+', ''),
    bodyBytes: Number(length),
  };
}

/** The rows of streams that an entry names. */
export function rowsIn(details: string): string[] {
  const line = details.slice(0, details.indexOf('\n'));
  return line === '' ? [] : line.split(' ').map((place) => place.split(':', 1)[0] ?? '');
}

export interface StoredEntry {
  readonly details: string;
  /** In place of the third line, where that was kept elsewhere. */
  readonly rest: string | undefined;
  readonly streamInfo: (row: string) => StreamInfo;
}

export function partsOf({ details, rest, streamInfo }: StoredEntry): Pick<Entry, 'segments' | 'trims' | 'hops'> {
  const first = details.indexOf('\n');
  const second = details.indexOf('\n', first + 1);
  assert(first >= 0 && second >= 0, 'details are three lines');
  const streams = first === 0 ? [] : details.slice(0, first).split(' ');
  const trims = details
    .slice(first + 1, second)
    .split(';')
    .filter((text) => text !== '');
  const [tuples, hops]: Rest = JSON.parse(rest ?? details.slice(second + 1));
  return {
    segments: tuples.map((tuple, index) => segmentOf(tuple, streams[index] ?? '', streamInfo)),
    trims: trims.map((text): Trim => {
      const [segment, from, to] = text.split(' ').map(Number);
      return { segment: segment ?? 0, from: from ?? 0, to: to ?? 0 };
    }),
    hops: hops.map(hopOfTuple),
  };
}

function segmentOf(tuple: SegmentTuple, place: string, streamInfo: (row: string) => StreamInfo): EntrySegment {
  const segment = segmentOfTuple(tuple);
  const [row = '', from, to, mark] = place.split(':');
  const stream = ofHost(streamInfo(row), segment.host);
  return mark === undefined ? { ...segment, stream } : { ...segment, stream, from: Number(from), to: Number(to), fromMark: mark };
}

/** What a row of the archive's index counts for, and where. */
export function sumsText({ records, rawBytes, objectBytes, channel }: ArchiveObject): string {
  return [records, Math.round(rawBytes), objectBytes, channel].join(' ');
}
