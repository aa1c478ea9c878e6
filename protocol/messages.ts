/**
 * The messages of the protocol as the rest of the code sees them: validated once by codec.ts, trusted from there on.
 * schema/tributary.proto is the wire; docs/PROTOCOL.md tells who sends what when.
 *
 * Units: `…Ms` milliseconds since 1970 unless named a duration; positions and sequence numbers are safe integers (below 2^53).
 * Ids of 128 bits travel as 16 bytes and are lower-case hexadecimal (32 characters) in the code, so that they can be map keys.
 */

/** 128 bits in lower-case hexadecimal. */
export type Id = string;

/** Who a stream's source is, so that it can be found again when a buffer was lost. A source without a file leaves these empty. */
export interface SourceIdentity {
  readonly path: string;
  /** Device and inode as decimal text: they exceed 2^53 on some file systems. */
  readonly device: string;
  readonly inode: string;
  /** SHA-256 of the first `fingerprintLength` bytes, hexadecimal; empty while the file is. */
  readonly fingerprint: string;
  readonly fingerprintLength: number;
  /** Resume token of a source that has one, such as a journal cursor. */
  readonly token: string;
  /** Bytes that were removed from the file's beginning since the stream began: a position less this is the offset in the file. */
  readonly base: number;
}

/** What never changes within a stream. */
export interface StreamAttributes {
  readonly tenant: string;
  readonly type: string;
  /** Name of the machine it comes from. */
  readonly host: string;
  /** Declared encoding of the bytes, an IANA name; the bytes themselves are never changed. */
  readonly encoding: string;
  /** True: positions count records (socket, exec, metrics); false: positions are byte offsets. */
  readonly counted: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** Where a stream came from, when it is passed on by a hub. An empty id means: the sender of this connection. */
export interface Origin {
  readonly siteId: Id;
  readonly agentId: Id;
}

/** 8 bytes of SHA-256 over the last 64 bytes before a position, hexadecimal (16 characters); '' at position 0 or unknown. */
export type Mark = string;

export type CutCause = 'too-long' | 'idle' | 'end';

/**
 * A record's end that no terminator shows: `offset` counts bytes from the segment's first byte to just after the record.
 * `too-long` and `idle`: the line goes on in the next record (such a record is `partial`); `end`: the source ended without one.
 */
export interface Cut {
  readonly offset: number;
  readonly cause: CutCause;
}

/**
 * Positions that the edge left out on purpose (a filter, not a loss): at `offset` bytes from the segment's first byte, `span`
 * positions that held `records` records are not in the body. Only in streams whose positions are bytes.
 */
export interface Drop {
  readonly offset: number;
  readonly span: number;
  readonly records: number;
}

/** A contiguous run `[from, to)` of one stream within a batch; the body holds the segments' bytes one after the other. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** Mark at `from` and at `to`. */
  readonly fromMark: Mark;
  readonly toMark: Mark;
  readonly records: number;
  /** Bytes of this segment in the inflated body: where positions are bytes, `to - from` less the spans of `drops`. */
  readonly bytes: number;
  /** Ascending. Where records have lengths, a cut is at the end of one of them. */
  readonly cuts: readonly Cut[];
  /**
   * Length in bytes of each record. Always there for counted streams, whose records may hold anything; where positions are bytes, empty
   * means that each line is a record.
   */
  readonly lengths: readonly number[];
  /** Ascending by `offset`, each behind a whole record. */
  readonly drops: readonly Drop[];
  /** The machine that it is of, where its stream brings records of many; without it, that of the stream. */
  readonly host?: string;
}

/** Segment as sent: `stream` is the number that OpenStream gave on this connection. */
export interface WireSegment extends Segment {
  readonly stream: number;
}

/**
 * Of segment `segment` only `[from, to)` is to be read: the rest had arrived before. `to` is 0 where that is the segment's end, and
 * `from` is the segment's end where none of it is to be read. trims.ts applies it.
 */
export interface Trim {
  readonly segment: number;
  readonly from: number;
  readonly to: number;
}

export interface Hop {
  readonly siteId: Id;
  readonly hubId: Id;
  readonly receivedMs: number;
}

/** What hops add to a batch; its body never changes. */
export interface Envelope {
  /** When the agent made the batch. */
  readonly createdMs: number;
  readonly hops: readonly Hop[];
  readonly trims: readonly Trim[];
}

export interface Hello {
  readonly kind: 'hello';
  readonly versionMin: number;
  readonly versionMax: number;
  readonly sender: 'agent' | 'hub';
  readonly agentId: Id;
  /** Bound to the machine; together with the boot id it tells a clone from a restart. */
  readonly instanceId: Id;
  readonly bootId: Id;
  readonly startCounter: number;
  readonly facts: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
}

export interface SessionLimits {
  readonly frameBytesMax: number;
  readonly inflatedBytesMax: number;
  readonly segmentsMax: number;
  readonly recordsMax: number;
  readonly streamsMax: number;
}

export interface Welcome {
  readonly kind: 'welcome';
  readonly version: number;
  readonly hubId: Id;
  readonly siteId: Id;
  /** Id of the site's store; another one than last time means that the store was lost or replaced. */
  readonly storeId: Id;
  readonly hubs: readonly string[];
  readonly limits: SessionLimits;
  readonly flushIntervalMsMin: number;
  /** Window of a channel that no Credit has named yet. */
  readonly creditBytes: number;
  readonly capabilities: readonly string[];
}

export interface Recover {
  readonly kind: 'recover';
}

export interface RecoveredStream {
  readonly streamId: Id;
  readonly origin: Origin;
  readonly identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  readonly start: number;
  readonly held: number;
  readonly heldMark: Mark;
  readonly closed: boolean;
}

/** Answer to Recover, in as many messages as it needs; `last` ends it. */
export interface Recovered {
  readonly kind: 'recovered';
  readonly streams: readonly RecoveredStream[];
  readonly last: boolean;
}

/**
 * Idempotent: opening an open stream again asks for its Position again and lifts a refusal. New numbers ascend by one from 1;
 * with each, the number `streamsMax` below it is forgotten on both sides.
 */
export interface OpenStream {
  readonly kind: 'open-stream';
  readonly stream: number;
  readonly channel: number;
  readonly streamId: Id;
  readonly origin: Origin;
  readonly identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  /** First position the sender answers for; what lies before it is no gap. */
  readonly start: number;
  /** Asks the hub to bring what it holds of this stream into the archive soon: Position then tells how far that is. */
  readonly wantArchived: boolean;
}

export interface Position {
  readonly kind: 'position';
  readonly stream: number;
  readonly held: number;
  readonly heldMark: Mark;
  /** End of what the site's archive holds durably, at most `held`; equal to `start` where there is no archive yet. */
  readonly archived: number;
}

export interface Batch {
  readonly kind: 'batch';
  readonly channel: number;
  /** 1, 2, 3… per channel of a connection. */
  readonly sequence: number;
  readonly segments: readonly WireSegment[];
  readonly records: number;
  readonly inflatedBytes: number;
  /** CRC-32 of the body as sent. */
  readonly checksum: number;
  readonly envelope: Envelope;
  /** One zstd frame with content checksum. */
  readonly body: Uint8Array;
}

/** Every batch of the channel up to `sequence` that was not refused is durable. */
export interface Ack {
  readonly kind: 'ack';
  readonly channel: number;
  readonly sequence: number;
}

export type RefuseReason = 'position' | 'busy' | 'corrupt' | 'too-large' | 'forbidden';

/** Nothing of this batch was taken. For `position`, `stream`, `held` and `heldMark` tell what the site has. */
export interface Refuse {
  readonly kind: 'refuse';
  readonly channel: number;
  readonly sequence: number;
  readonly reason: RefuseReason;
  readonly stream: number;
  readonly held: number;
  readonly heldMark: Mark;
  readonly retryAfterMs: number;
  readonly hint: string;
}

/**
 * `store-lost`: the site had it once, and its store lost it after the replay window was over. `replay-expired`: another site had it, and its
 * replay window is over. `other-way`: nothing is lost, a sister site has it and passes it on to the sites above both.
 */
export const gapCauses = [
  'buffer-lost',
  'buffer-damaged',
  'dropped',
  'replay-expired',
  'source-lost',
  'rejected',
  'store-lost',
  'other-way',
] as const;
export type GapCause = (typeof gapCauses)[number];

/** The sender no longer has `[from, to)`: recorded, counted as lost, and answered by a Position. */
export interface Gap {
  readonly kind: 'gap';
  readonly stream: number;
  readonly from: number;
  readonly to: number;
  readonly toMark: Mark;
  readonly cause: GapCause;
}

export interface CloseStream {
  readonly kind: 'close-stream';
  readonly stream: number;
  readonly position: number;
}

/** How many bytes of bodies of this channel may be unacked from now on. */
export interface Credit {
  readonly kind: 'credit';
  readonly channel: number;
  readonly bytes: number;
}

/** Send no more, wait for the acks of what is under way at most `deadlineMs` (a duration), then go to another hub. */
export interface Drain {
  readonly kind: 'drain';
  readonly hubs: readonly string[];
  readonly deadlineMs: number;
}

export type RejectCode = 'version' | 'unauthorized' | 'clone' | 'superseded' | 'protocol' | 'limit' | 'unavailable' | 'shutdown';

/** Ends the connection; `hint` says what a person can do. */
export interface Reject {
  readonly kind: 'reject';
  readonly code: RejectCode;
  readonly hint: string;
  readonly retryAfterMs: number;
}

export interface Ping {
  readonly kind: 'ping';
  readonly nonce: number;
}

export interface Pong {
  readonly kind: 'pong';
  readonly nonce: number;
}

/** The present health of a lower site, for its upstream: never queued, the newest stands for all before it. */
export interface Snapshot {
  readonly kind: 'snapshot';
  /** JSON text; what it says is for the hosts. */
  readonly json: Uint8Array;
}

export type Message =
  | Hello
  | Welcome
  | Recover
  | Recovered
  | OpenStream
  | Position
  | Batch
  | Ack
  | Refuse
  | Gap
  | CloseStream
  | Credit
  | Drain
  | Reject
  | Ping
  | Pong
  | Snapshot;

/** `tenant/type`: the name of a channel. */
export type ChannelName = string;

export function channelName(attributes: { readonly tenant: string; readonly type: string }): ChannelName {
  return `${attributes.tenant}/${attributes.type}`;
}
