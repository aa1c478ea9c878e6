/**
 * Bringing entries into topics: batches with their positions (invariant 3: check and append are one step of one transaction),
 * and entries that have none.
 */
import type { AppendResult, StreamKey } from '@tributary/protocol/session/server-effect.ts';
import type { KeptRange } from '@tributary/protocol/trims.ts';
import { assert } from '@tributary/shared/assert.ts';
import { topicBytesMaxOf } from '../limits.ts';
import { type CheckedSegment, checkPositions, type StreamMove } from '../positions.ts';
import { type AppendBatch, type EntryFormat, frontTopic, type HeldBack, type NewEntry, type TopicName } from '../queue.ts';
import { countedBytes } from '../segment-tuples.ts';
import { awaiting } from './awaited.ts';
import { channelOf } from './beginnings.ts';
import { encodeEnvelope, encodeSegments, type StoredEnvelope, type StoredSegment } from './segments.ts';
import type { Store } from './store.ts';
import { heldBack } from './streams.ts';
import type { EntryRow } from './tables/entry-table.ts';
import type { StreamRow } from './tables/stream-table.ts';
import type { TopicRow } from './tables/topic-table.ts';
import { pendingBytes } from './topic-level.ts';

export interface AppendArgument {
  readonly nowMs: number;
  readonly partition: number;
  readonly batch: AppendBatch;
}

export function appendBatch(store: Store, { nowMs, partition, batch }: AppendArgument): AppendResult {
  const segments: (CheckedSegment & { stream: StreamRow })[] = [];
  for (const segment of batch.segments) {
    const stream = store.streams.find(segment.key);
    if (stream === undefined) {
      const held = heldBack(store, { key: segment.key, channel: batch.channel, nowMs });
      if (held !== undefined) return refusedHeldBack(store, held);
      return refusedPosition(segment.key, { held: 0, heldMark: '' }, 'the stream was not opened');
    }
    if (stream.channel !== batch.channel) {
      return { kind: 'refused', reason: 'forbidden', hint: `stream ${segment.key.streamId} belongs to ${stream.channel}` };
    }
    segments.push({ ...segment, stream });
  }
  const check = checkPositions(segments, batch.trims, (stream, range) => store.gaps.within(stream.id, range));
  if (check.kind === 'refused') {
    const index = segments.findIndex((segment) => segment.stream.id === check.stream.id);
    const key = batch.segments[index]?.key;
    assert(key !== undefined, 'a refused stream is one of the batch');
    return refusedPosition(
      key,
      check.stream,
      check.reason === 'mark' ? 'the bytes before it differ' : 'a part is missing before it',
    );
  }
  // A duplicate needs no room, and an agent waiting for its ack would send it for ever.
  if (check.kind === 'duplicate') {
    applyMoves(store, check.moves);
    return { kind: 'duplicate' };
  }
  const topic = store.topics.findOrInsert(frontTopic(batch.channel), partition);
  const busy = busyReason(store, topic);
  if (busy !== undefined) return refusedBusy(store, busy);
  insertEntry(store, topic, {
    ...batch,
    format: 'batch',
    nowMs,
    trims: check.trims,
    segments: segments.map((segment) => ({ ...segment, stream: segment.stream.id })),
  });
  applyMoves(store, check.moves);
  return { kind: 'stored' };
}

export function refusedBusy(store: Store, hint: string): AppendResult {
  return { kind: 'refused', reason: 'busy', retryAfterMs: store.limits.busyRetryMs, hint };
}

function refusedHeldBack(store: Store, { hint }: HeldBack): AppendResult {
  return { kind: 'refused', reason: 'busy', retryAfterMs: store.limits.heldBackRetryMs, hint };
}

export const noSpaceHint = 'the disk of the hub is full';

export interface PublishArgument {
  readonly nowMs: number;
  readonly topic: TopicName;
  readonly partition: number;
  readonly entry: NewEntry;
  readonly idempotencyKey: string | undefined;
}

export function publish(store: Store, argument: PublishArgument): 'stored' | 'duplicate' | 'full' {
  const { nowMs, partition, entry, idempotencyKey } = argument;
  const channel = channelOf(argument.topic);
  if (channel !== undefined && store.allowances.ofTenant(channel, nowMs) !== undefined) return 'full';
  const topic = store.topics.findOrInsert(argument.topic, partition);
  if (busyReason(store, topic) !== undefined) return 'full';
  if (idempotencyKey !== undefined) {
    const key = `${argument.topic}\n${partition}\n${idempotencyKey}`;
    if (!store.keys.use(key, nowMs, nowMs - store.limits.keepKeysMs)) return 'duplicate';
  }
  insertNewEntry(store, topic, entry.format === 'batch' ? placedAtEnd(store, entry) : entry, nowMs);
  return 'stored';
}

/**
 * A listener's records get their positions here, in the step that stores them: its requests come side by side, and one that is refused
 * must leave no hole. So its books balance like an agent's (invariant 8).
 */
function placedAtEnd(store: Store, entry: NewEntry): NewEntry {
  const segments = entry.segments.map((segment) => {
    const { key, identity, attributes } = segment.stream;
    assert(attributes.counted, 'what has no positions of its own is counted');
    const origin = { siteId: key.siteId, agentId: key.agentId };
    const stream = store.streams.find(key) ?? store.streams.insert({ key, origin, identity, attributes, start: segment.from });
    const to = stream.held + (segment.to - segment.from);
    store.streams.hold(stream.id, to, segment.toMark);
    return { ...segment, from: stream.held, to, fromMark: stream.heldMark };
  });
  return { ...entry, segments };
}

/** Undefined where the topic takes entries from outside. */
function busyReason(store: Store, topic: TopicRow): string | undefined {
  if (store.noSpace) return noSpaceHint;
  if (store.storeBytes >= store.limits.storeBytesMax) return 'the store is full';
  return hasRoom(store, topic) ? undefined : `topic ${topic.name} is full`;
}

/**
 * Whether a topic takes one more entry. It takes one whenever it is below its limit, so that one larger than what is left, or
 * than all of it, passes too. On a full disk little may move on at a time: the room that the reserve gave must do for the
 * archive as well.
 */
export function hasRoom(store: Store, topic: TopicRow): boolean {
  const { reserveBytes } = store.limits;
  const topicBytesMax = topicBytesMaxOf(store.limits, topic.name);
  const bytesMax = store.noSpace ? Math.min(topicBytesMax, reserveBytes / 4) : topicBytesMax;
  return pendingBytes(topic, store.groups.ofTopic(topic.id)) < bytesMax;
}

/** An entry as a processor or a listener made it; streams it names that are not known yet are kept from its first position. */
export function insertNewEntry(store: Store, topic: TopicRow, entry: NewEntry, nowMs: number): void {
  const segments = entry.segments.map((segment): StoredSegment => {
    const { key, identity, attributes } = segment.stream;
    const origin = { siteId: key.siteId, agentId: key.agentId };
    const stream = store.streams.find(key) ?? store.streams.insert({ key, origin, identity, attributes, start: segment.from });
    return { ...segment, stream: stream.id, ...(entry.format === 'batch' && { host: attributes.host }) };
  });
  insertEntry(store, topic, { ...entry, segments, nowMs });
}

interface EntryToInsert extends StoredEnvelope {
  readonly format: EntryFormat;
  readonly nowMs: number;
  readonly createdMs: number;
  readonly records: number;
  readonly inflatedBytes: number;
  readonly segments: readonly StoredSegment[];
  readonly body: Uint8Array;
}

function insertEntry(store: Store, topic: TopicRow, entry: EntryToInsert): void {
  const { nowMs, createdMs, format, records, inflatedBytes, body } = entry;
  const segments = encodeSegments(entry.segments);
  insertRow(store, topic, { nowMs, createdMs, format, records, inflatedBytes, segments, envelope: encodeEnvelope(entry), body });
}

export type EntryTexts = Pick<
  EntryRow,
  'createdMs' | 'format' | 'records' | 'inflatedBytes' | 'segments' | 'envelope' | 'body'
> & { readonly nowMs: number };

/** Behind all there is. */
export function insertRow(store: Store, topicBefore: TopicRow, entry: EntryTexts): void {
  // Read again: an entry of the same commit may have gone into the same topic.
  const topic = store.topics.byId(topicBefore.id);
  const sequence = topic.lastSequence + 1;
  const receivedMs = store.receiveTime(entry.nowMs);
  const { segments } = entry;
  const bodyBytes = countedBytes(entry.body.byteLength, segments.length);
  const records = topic.receivedRecords + entry.records;
  const bytes = topic.receivedBytes + bodyBytes;
  store.entries.insert({
    topic: topic.id,
    sequence,
    receivedMs,
    createdMs: entry.createdMs,
    format: entry.format,
    records: entry.records,
    inflatedBytes: entry.inflatedBytes,
    bodyBytes,
    recordsThrough: records,
    bytesThrough: bytes,
    segments,
    envelope: entry.envelope,
    body: entry.body,
  });
  store.topics.grow(topic.id, { sequence, receivedMs, records, bytes });
  store.storeBytes += bodyBytes;
  store.topicChanged(topic.id);
}

function applyMoves(store: Store, moves: readonly StreamMove[]): void {
  for (const move of moves) {
    assert(move.held >= move.stream.held, 'held never goes back');
    if (move.held > move.stream.held) store.streams.hold(move.stream.id, move.held, move.heldMark);
    if (move.duplicates > 0) store.streams.countDuplicates(move.stream.id, move.duplicates);
    for (const range of move.late) fillGaps(store, move.stream.id, range);
    if (move.filtered > 0) store.streams.countFiltered(move.stream.id, move.filtered, move.filteredRecords);
  }
}

/** What was lost came after all: it is taken out of its gaps, and the archive waits for it where it has not stepped over it yet. */
function fillGaps(store: Store, stream: number, range: KeptRange): void {
  const late = store.gaps.fill(stream, range);
  assert(late === range.to - range.from, 'what is late was declared lost');
  const row = store.streams.byId(stream);
  assert(row !== undefined, 'a batch is of streams that are here');
  const awaited = range.from < row.archived ? row.awaited : awaiting(row.awaited, range);
  store.streams.countLate(stream, late, awaited);
}

function refusedPosition(key: StreamKey, at: { readonly held: number; readonly heldMark: string }, hint: string): AppendResult {
  return { kind: 'refused', reason: 'position', key, held: at.held, heldMark: at.heldMark, hint };
}
