/**
 * The agent's durable buffer: streams, positions and batches in one SQLite file, written by one thread of its own.
 * Invariant 2: a batch and the positions it moves are stored in one transaction; nothing read is forgotten.
 */
import type {
  ChannelName,
  GapCause,
  Id,
  RecoveredStream,
  SourceIdentity,
  StreamAttributes,
} from '@tributary/protocol/messages.ts';
import type { Outbox, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { Dropped } from '../framing/stream-end.ts';
import type { FileProgress, Overflow, StreamState } from '../inputs/input.ts';
import type { LossSum } from './sql/loss-rows.ts';

/** `token`: the resume token that belongs to the segment's end; it becomes the stream's together with the position. */
export type NewSegment = OutboxSegment & { readonly token?: string | undefined };

/** A batch as the batcher made it. `body` is transferred to the writer: not to be touched after `append`. */
export interface NewBatch {
  readonly channel: ChannelName;
  readonly segments: readonly NewSegment[];
  readonly records: number;
  readonly inflatedBytes: number;
  readonly checksum: number;
  readonly createdMs: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What no site will ever get, over all starts. */
export type LossesByCause = Readonly<Partial<Record<GapCause, LossSum>>>;

/** Sums since the buffer was opened: what was found and appended is what was acked, waits, was dropped or rejected. */
export interface BufferedRecords {
  /** Waited when it was opened. */
  readonly found: number;
  readonly appended: number;
  readonly acked: number;
  /** Waits for a site now. */
  readonly unacked: number;
  /** Waited, and had to make room. */
  readonly dropped: number;
  /** Set aside, as no site takes them. */
  readonly rejected: number;
}

export interface BufferStatus {
  readonly batches: number;
  readonly unackedBatches: number;
  readonly unackedBytes: number;
  readonly retainedBytes: number;
  readonly maxBytes: number;
  /** Of what became of records. */
  readonly records: BufferedRecords;
  /** Of what waits, what has room of its own beyond `maxBytes`: platform events. */
  readonly reserveBytes: number;
  /** `full`: at its limit, inputs wait; `no-space`: the disk is full, the reserve was given up, inputs wait. */
  readonly state: 'open' | 'full' | 'no-space';
}

export interface Buffer extends AsyncDisposable {
  /** Its index in memory, for the uplink. */
  readonly outbox: Outbox;
  /** True when there was no database or a damaged one was set aside: no file may be read before `adopt`. */
  readonly needsRecovery: boolean;
  /** Takes the site's word on the streams this agent once had. Durable when resolved; then `needsRecovery` is false. */
  adopt(streams: readonly RecoveredStream[]): Promise<void>;
  streams(): readonly StreamState[];
  openStream(stream: { identity: SourceIdentity; attributes: StreamAttributes; start: number }): Promise<StreamState>;
  updateIdentity(streamId: Id, identity: SourceIdentity): void;
  /** As `updateIdentity`, and resolves when it is durable. */
  storeIdentity(streamId: Id, identity: SourceIdentity): Promise<void>;
  /** A stream as it is durably, also one that ended. It must be known. */
  stream(streamId: Id): StreamState;
  /** The site has everything of the stream before this position durably; what was dropped or lost counts as settled. */
  ackedTo(streamId: Id): number;
  /** The stream's position, durably. */
  storedTo(streamId: Id): number;
  /** Streams of this file, ended ones that are still remembered included; the newest first. */
  progressOf(file: { readonly device: string; readonly inode: string }): readonly FileProgress[];
  progressByFingerprint(fingerprint: string, fingerprintLength: number): readonly FileProgress[];
  /** `onEnd` is told of the stream as it ended, once that is known: what was dropped of it last is recorded first. */
  endStream(streamId: Id, onEnd?: (stream: StreamState) => void): void;
  /** Durable when resolved. Several calls under way share one transaction, in the order of the calls. */
  append(batch: NewBatch, overflow: Overflow): Promise<void>;
  /** True while `append` may be called; false at the limit in bytes or on a full disk. */
  hasRoom(overflow: Overflow): boolean;
  ready(overflow: Overflow, signal: AbortSignal): Promise<void>;
  /** Called when an answer of `hasRoom` became another. */
  onRoomChanged(listener: () => void): void;
  /**
   * What came was not kept, as there was no room: its stream goes on behind it. Durable soon, with the loss that it is, and before
   * anything that is appended to the stream later. Never waits.
   */
  drop(dropped: Dropped): void;
  /** Called when batches that waited were dropped to make room. */
  onBatchesDropped(listener: (dropped: readonly Dropped[]) => void): void;
  /** What was lost, by cause, over all starts. */
  losses(): LossesByCause;
  /** The site has them: kept for the replay window, then deleted. */
  acked(batchIds: readonly number[]): void;
  /** Sets a batch aside that no site will take. */
  reject(batchId: number, reason: string): void;
  /**
   * Ends a stream whose content differs at the site and gives its unacked segments to a new one that starts at `start`; the
   * reader goes on at `position`. Resolves with the new stream once that is durable.
   */
  replaceStream(streamId: Id, at: { start: number; position: number; mark: string }): Promise<StreamState>;
  /** Called after every commit that brought new batches, and when a site may be told of losses. */
  onAppended(listener: () => void): void;
  status(): BufferStatus;
}
