/**
 * The agent's durable state as plain maps of values that never change: a copy of the maps is a copy of the state, so that a crash,
 * an older backup and a loss are an assignment.
 */
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { channelName, type ChannelName, type Drop, type Id } from '@tributary/protocol/messages.ts';
import type { Outbox, OutboxBatch, OutboxSegment, OutboxStream } from '@tributary/protocol/session/outbox.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { ModelSource } from './model-source.ts';

export interface ModelStream {
  readonly streamId: Id;
  readonly source: ModelSource;
  readonly start: number;
  readonly end: number;
  readonly replaced: boolean;
}

export interface ModelBatch {
  readonly batch: OutboxBatch;
  readonly body: Uint8Array;
  readonly acked: boolean;
  /** Its stored body does not fit its checksum any more. */
  readonly damaged: boolean;
}

export interface AgentState {
  readonly streams: Map<Id, ModelStream>;
  /** By source. */
  readonly current: Map<number, Id>;
  /** In the order of their ids. */
  readonly batches: Map<number, ModelBatch>;
  nextBatchId: number;
}

export function emptyAgentState(): AgentState {
  return { streams: new Map(), current: new Map(), batches: new Map(), nextBatchId: 1 };
}

export function copyAgentState(state: AgentState): AgentState {
  return {
    streams: new Map(state.streams),
    current: new Map(state.current),
    batches: new Map(state.batches),
    nextBatchId: state.nextBatchId,
  };
}

export function segmentOf(stream: ModelStream, from: number, to: number): OutboxSegment {
  const { source, streamId } = stream;
  const { counted } = source.attributes;
  const { lengths, drops } = recordsOf(source, from, to);
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  return {
    streamId,
    from,
    to,
    fromMark: source.markAt(from),
    toMark: source.markAt(to),
    records: counted ? bytes : lengths.length,
    bytes,
    cuts: [],
    lengths: counted ? Array<number>(bytes).fill(1) : source.hasLengths ? lengths : [],
    drops,
  };
}

/** What is between two things left out is a record; what is left out at one place is one drop. */
function recordsOf(source: ModelSource, from: number, to: number): { lengths: number[]; drops: Drop[] } {
  const lengths: number[] = [];
  const drops: Drop[] = [];
  let offset = 0;
  for (let at = from; at < to;) {
    const isLeftOut = source.isLeftOut(at);
    let end = at + 1;
    while (end < to && source.isLeftOut(end) === isLeftOut) end += 1;
    if (isLeftOut) drops.push({ offset, span: end - at, records: 1 });
    else {
      lengths.push(end - at);
      offset += end - at;
    }
    at = end;
  }
  return { lengths, drops };
}

/** A body begins with a byte of its own, as a compressed one is never empty either. */
export const bodyHeadBytes = 1;

/** A batch of these segments; its body is their bytes, uncompressed. */
export function makeBatch(
  id: number,
  parts: readonly { readonly stream: ModelStream; readonly from: number; readonly to: number }[],
  damaged: boolean,
): ModelBatch {
  const first = parts[0];
  assert(first !== undefined, 'a batch has a segment');
  const segments = parts.map(({ stream, from, to }) => segmentOf(stream, from, to));
  const inflatedBytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  const body = new Uint8Array(bodyHeadBytes + inflatedBytes);
  let at = bodyHeadBytes;
  for (const { stream, from, to } of parts) {
    for (let position = from; position < to; position += 1) {
      if (!stream.source.isLeftOut(position)) body[at++] = stream.source.byteAt(position);
    }
  }
  assert(at === body.length, 'a body is as long as its segments say');
  const batch: OutboxBatch = {
    id,
    channel: channelName(first.stream.source.attributes),
    segments,
    records: segments.reduce((sum, { records }) => sum + records, 0),
    inflatedBytes,
    bodyBytes: body.length,
    checksum: checksumOf(body),
    envelope: { createdMs: 1_700_000_000_000, hops: [], trims: [] },
  };
  return { batch, body, acked: false, damaged };
}

const identity = { path: '/log', device: '1', inode: '1', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };

/** The outbox contract over whatever the state is at the moment. */
export class ModelOutbox implements Outbox {
  readonly #state: () => AgentState;

  constructor(state: () => AgentState) {
    this.#state = state;
  }

  channels(): Iterable<ChannelName> {
    return new Set([...this.#state().batches.values()].map(({ batch }) => batch.channel));
  }

  next(channel: ChannelName, afterId: number): OutboxBatch | undefined {
    for (const { batch } of this.#state().batches.values()) if (batch.id > afterId && batch.channel === channel) return batch;
    return undefined;
  }

  firstUnacked(channel: ChannelName): number | undefined {
    for (const { batch, acked } of this.#state().batches.values()) if (!acked && batch.channel === channel) return batch.id;
    return undefined;
  }

  firstAfter(streamId: Id, position: number): OutboxBatch | undefined {
    for (const { batch } of this.#state().batches.values()) {
      if (batch.segments.some((segment) => segment.streamId === streamId && segment.to > position)) return batch;
    }
    return undefined;
  }

  body(batchId: number): Uint8Array | undefined {
    const stored = this.#state().batches.get(batchId);
    return stored === undefined || stored.damaged ? undefined : stored.body;
  }

  stream(streamId: Id): OutboxStream | undefined {
    const stream = this.#state().streams.get(streamId);
    if (stream === undefined) return undefined;
    const { source, start, end, replaced } = stream;
    const origin = { siteId: '', agentId: '' };
    return { streamId, origin, identity, attributes: source.attributes, start, end, endMark: source.markAt(end), replaced };
  }

  retainedStreams(): Iterable<Id> {
    const retained = new Set<Id>();
    for (const { batch } of this.#state().batches.values()) for (const { streamId } of batch.segments) retained.add(streamId);
    return [...retained].filter((streamId) => this.#state().streams.get(streamId)?.replaced !== true);
  }

  /** The source lives on: it can be looked at anywhere. */
  markAt(streamId: Id, position: number): string | undefined {
    const source = this.#state().streams.get(streamId)?.source;
    return source === undefined || position > source.length ? undefined : source.markAt(position);
  }
}
