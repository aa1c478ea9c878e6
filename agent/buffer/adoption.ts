/**
 * What a new buffer makes of the site's word on the streams this agent once had, and of what was salvaged from a damaged one.
 * Pure: it only plans; the writer does it as one step.
 *
 * Per stream: the site holds everything before `held`. Salvaged segments that follow without a hole are sent. At a hole (a batch
 * that could not be read), the source is read again from there if it is still the same file, and what was salvaged behind the
 * hole is dropped, as it is read again too. If the source is gone, what was salvaged is all there is: it is sent, and the session
 * declares the hole as a Gap. So it does with the end of a stream that cannot be read again.
 *
 * Streams that were opened since the start are new to the site, and are being written to: they are left alone.
 */
import type { Id, Mark, RecoveredStream } from '@tributary/protocol/messages.ts';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { StreamState } from '../inputs/input.ts';
import type { SourceMark } from './source-mark.ts';

export interface AdoptionPlan {
  readonly streams: readonly StreamState[];
  /** Segments that are not sent as they were salvaged, by batch. */
  readonly dropped: ReadonlyMap<number, ReadonlySet<OutboxSegment>>;
}

export interface AdoptionInput {
  readonly recovered: readonly RecoveredStream[];
  readonly streams: ReadonlyMap<Id, StreamState>;
  /** Unacked, in the order of ids. */
  readonly batches: readonly OutboxBatch[];
  /** Opened since the start. No batch has both streams of these and others. */
  readonly openedHere: ReadonlySet<Id>;
  readonly sourceMark: SourceMark;
}

export function planAdoption(input: AdoptionInput): AdoptionPlan {
  const { openedHere } = input;
  const known = new Map<Id, StreamState>();
  const own = input.recovered.filter((stream) => stream.origin.agentId === '');
  for (const stream of own) known.set(stream.streamId, input.streams.get(stream.streamId) ?? streamAt(stream));
  for (const stream of input.streams.values()) if (!openedHere.has(stream.streamId)) known.set(stream.streamId, stream);
  const held = new Map(own.map((stream) => [stream.streamId, stream]));
  const dropped = new Map<number, Set<OutboxSegment>>();
  const drop = (batchId: number, segment: OutboxSegment): void => {
    dropped.getOrInsertComputed(batchId, () => new Set()).add(segment);
  };
  const bySegments = segmentsByStream(
    input.batches.filter(({ segments }) => segments.every(({ streamId }) => !openedHere.has(streamId))),
  );
  for (const [streamId, entries] of bySegments) {
    // A batch of a stream that nobody knows cannot be sent: its attributes are lost. Its source is read again as a new stream.
    if (!known.has(streamId)) for (const { batchId, segment } of entries) drop(batchId, segment);
  }
  const streams = [...known.values()].map((stream) => {
    const site = held.get(stream.streamId);
    const from = { position: site?.held ?? stream.start, mark: site?.heldMark ?? '' };
    const chain = followChain(stream, from, bySegments.get(stream.streamId) ?? [], input.sourceMark);
    for (const { batchId, segment } of chain.dropped) drop(batchId, segment);
    const end = cannotBeReadAgain(stream) && stream.position > chain.position ? stream : chain;
    return { ...stream, position: end.position, mark: end.mark, ended: stream.ended || site?.closed === true };
  });
  return { streams, dropped };
}

/** Of a socket, a command, metrics: what of its end is not there is lost. */
export function cannotBeReadAgain({ attributes, identity }: Pick<StreamState, 'attributes' | 'identity'>): boolean {
  return attributes.counted && identity.token === '';
}

interface Entry {
  readonly batchId: number;
  readonly segment: OutboxSegment;
}

interface Chain {
  readonly position: number;
  readonly mark: Mark;
  readonly dropped: readonly Entry[];
}

function followChain(
  stream: StreamState,
  from: { readonly position: number; readonly mark: Mark },
  entries: readonly Entry[],
  sourceMark: SourceMark,
): Chain {
  let { position, mark } = from;
  for (const [index, { segment }] of entries.entries()) {
    const isHole = segment.from > position;
    if (isHole && sourceMark(stream.identity, segment.from) !== undefined) {
      return { position, mark, dropped: entries.slice(index) };
    }
    if (segment.to > position) ({ to: position, toMark: mark } = segment);
  }
  return { position, mark, dropped: [] };
}

function segmentsByStream(batches: readonly OutboxBatch[]): Map<Id, Entry[]> {
  const result = new Map<Id, Entry[]>();
  for (const batch of batches) {
    for (const segment of batch.segments) {
      result.getOrInsertComputed(segment.streamId, () => []).push({ batchId: batch.id, segment });
    }
  }
  return result;
}

function streamAt(stream: RecoveredStream): StreamState {
  const { streamId, identity, attributes, start, held, heldMark, closed } = stream;
  return { streamId, identity, attributes, start, position: held, mark: heldMark, ended: closed };
}
