/**
 * What the sending half of a connection needs of whoever has batches to send: the agent's buffer, or a hub's reader towards its
 * upstream. Synchronous: the index lives in memory, bodies are read from a page cache. Every batch named here is already durable.
 */
import type {
  ChannelName,
  Envelope,
  GapCause,
  Id,
  Mark,
  Origin,
  Segment,
  SourceIdentity,
  StreamAttributes,
} from '../messages.ts';

/**
 * What an outbox calls a stream: its id, or where the streams of several agents come together, a name that is theirs alone. Effects and calls
 * of a session speak of streams by it.
 */
export type OutboxStreamId = string;

export interface OutboxSegment extends Segment {
  readonly streamId: OutboxStreamId;
}

export interface OutboxBatch {
  /** Ascends in the order of writing, over all channels; never used again. */
  readonly id: number;
  readonly channel: ChannelName;
  readonly segments: readonly OutboxSegment[];
  readonly records: number;
  readonly inflatedBytes: number;
  readonly bodyBytes: number;
  readonly checksum: number;
  readonly envelope: Envelope;
}

export interface OutboxStream {
  /** As the site is told it. */
  readonly streamId: Id;
  readonly origin: Origin;
  readonly identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  readonly start: number;
  /** End of what was ever written into the outbox for this stream, and its mark. */
  readonly end: number;
  readonly endMark: Mark;
  /** True: the site's content differs, another stream took its place. Its retained batches are no longer judged or sent for. */
  readonly replaced?: boolean;
  /**
   * True: the stream may reach the site by other ways, too. So the site may hold more of it than was ever here, and what it holds need not
   * have what is here: a part of it may be declared lost. Every batch is sent until it is answered.
   */
  readonly hasOtherWays?: boolean;
}

export interface Outbox {
  /** Channels that have retained batches, acked or not. */
  channels(): Iterable<ChannelName>;
  /** The retained batch of the channel with the least id above `afterId`, whether it was acked or not. */
  next(channel: ChannelName, afterId: number): OutboxBatch | undefined;
  /** Id of the oldest batch of the channel that was not acked yet. */
  firstUnacked(channel: ChannelName): number | undefined;
  /** The oldest retained batch, acked or not, with a segment of this stream that ends behind `position`. */
  firstAfter(streamId: OutboxStreamId, position: number): OutboxBatch | undefined;
  /**
   * False while the host has no room for the body of this batch, because the socket did not take the last ones yet; it calls
   * `outboxGrew` when it has. Without it there is always room.
   */
  mayRead?(batch: OutboxBatch): boolean;
  /** The compressed bytes; undefined when what is stored does not fit its checksum any more. */
  body(batchId: number): Uint8Array | undefined;
  /**
   * Called right before a Gap is sent: who knows why these positions are lost tells the cause. Undefined: the session says what it
   * looks like from there.
   */
  declaring?(streamId: OutboxStreamId, from: number, to: number): GapCause | undefined;
  /** Streams with losses that the site may be told of now: where nothing follows them, no hole in what is sent will show them. */
  undeclared?(): Iterable<OutboxStreamId>;
  /** Undefined only for a stream this outbox never had. */
  stream(streamId: OutboxStreamId): OutboxStream | undefined;
  /**
   * Streams with retained batches or with losses that no site was told of, but not the replaced ones: they are opened at every
   * connection, so that a site that lost them is noticed, and what is lost is told.
   */
  retainedStreams(): Iterable<OutboxStreamId>;
  /** The mark at a position this outbox can still look at (a segment's end, retained bytes, the source itself). */
  markAt(streamId: OutboxStreamId, position: number): Mark | undefined;
}
