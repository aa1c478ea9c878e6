/**
 * An input: one kind of source (file, later syslog, exec…). It reads, frames into records and pushes runs into the sink it is
 * given; it knows neither buffer nor uplink. One folder each, one line in registry.ts.
 */
import type { Cut, Drop, Id, Mark, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { LossCause } from '../platform/platform-events.ts';

/** A stream as the agent keeps it durably. `position` and `mark` move only together with a stored batch. */
export interface StreamState {
  readonly streamId: Id;
  readonly identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  readonly start: number;
  readonly position: number;
  readonly mark: Mark;
  readonly ended: boolean;
}

/**
 * What becomes of an input's records while the buffer is full: the input waits; what is read now is dropped; the oldest batches that
 * wait in the buffer are dropped. `reserve` is for events about the trouble itself: they have room of their own.
 */
export type Overflow = 'block' | 'drop_newest' | 'drop_oldest' | 'reserve';

/**
 * A contiguous run of one stream: whole records over the positions `[from, to)`. Where positions are bytes, `to - from` is the bytes
 * and what `drops` left out; where they are counted, the number of records.
 */
export interface Run {
  readonly streamId: Id;
  readonly from: number;
  readonly to: number;
  /** Read only during the call: the sink copies them. */
  readonly bytes: Uint8Array;
  readonly records: number;
  readonly cuts: readonly Cut[];
  /** Length of each record, of counted streams and where a record is not one line; empty: records are lines. */
  readonly lengths: readonly number[];
  /** What filters left out, ascending. Only where positions are bytes; a counted record that is left out gets no position. */
  readonly drops: readonly Drop[];
  /** Mark at `from` and at `to`, over the source's own bytes, whatever was left out or redacted. */
  readonly fromMark: Mark;
  readonly toMark: Mark;
  /** Resume token after this run; becomes the identity's in the transaction that moves the position. */
  readonly token?: string;
  readonly overflow: Overflow;
}

/** How far a file's content is read and acknowledged; of a stream that goes on or of one that ended lately. */
export interface FileProgress {
  readonly stream: StreamState;
  /** The site has everything before it durably. */
  readonly ackedTo: number;
}

/** What an input may do with streams and records. */
export interface Sink {
  /**
   * Each input of an agent has a sink of its own, over the same streams: what inputs share is kept by this, where it is there, and
   * not by the sink.
   */
  readonly shared?: object;
  /** All streams that were not ended, as they are durably. An input matches its sources to these by identity. */
  streams(): readonly StreamState[];
  /** Draws an id and keeps the stream durably before the first run can be. Resolves when it is durable. */
  openStream(stream: { identity: SourceIdentity; attributes: StreamAttributes; start: number }): Promise<StreamState>;
  /** The source was renamed, or its fingerprint grew. Durable with the next batch or soon after; idempotent. */
  updateIdentity(streamId: Id, identity: SourceIdentity): void;
  /** As `updateIdentity`, and resolves when it is durable. */
  storeIdentity(streamId: Id, identity: SourceIdentity): Promise<void>;
  /** The site has everything of the stream before this position durably (what was dropped or lost counts as settled). */
  ackedTo(streamId: Id): number;
  /** The buffer has everything of the stream before this position durably: it outlives the process. */
  storedTo(streamId: Id): number;
  /** Streams of files with this device and inode, ended ones that are still remembered included; the newest first. */
  progressOf(file: { readonly device: string; readonly inode: string }): readonly FileProgress[];
  /** Streams of files that begin with the same bytes, ended ones that are still remembered included; the newest first. */
  progressByFingerprint(fingerprint: string, fingerprintLength: number): readonly FileProgress[];
  /** Nothing more will come: all of it was pushed. Durable after the runs pushed before it. */
  endStream(streamId: Id): void;
  /**
   * Copies the run into the batch being built. Returns true when there is room for more; after false the input waits for
   * `ready()`. Runs of a stream come in order and without holes (asserted).
   */
  push(run: Run): boolean;
  /** Resolves when there is room again for what was pushed last; rejects when the signal is aborted. */
  ready(signal: AbortSignal): Promise<void>;
  /**
   * Called when a stream had to be replaced because the site's content differs (invariant 3): the input goes on with
   * `replacement`, from its `position`.
   */
  onReplaced(listener: (streamId: Id, replacement: StreamState) => void): void;
}

/** What happens at the edge that a person may want to know; the host turns each into a log line and a counter. */
export interface InputEvents {
  fileOpened(path: string, streamId: Id, position: number): void;
  fileRotated(path: string, streamId: Id): void;
  fileTruncated(path: string, streamId: Id, readTo: number): void;
  fileReplaced(path: string, streamId: Id, reason: string): void;
  fileFinished(path: string, streamId: Id, position: number): void;
  /** What a glob matched is no file; told once. */
  sourceSkipped(path: string, reason: string): void;
  /** Cannot be read now; tried again. Raised once per trouble, not per try. */
  sourceFailed(path: string, error: Error): void;
  sourceRecovered(path: string): void;
  /** Will never arrive: bytes of a file, or records of what cannot be read again. Counted by cause, and a platform event. */
  lost(loss: { readonly path: string; readonly cause: LossCause; readonly bytes: number; readonly records?: number }): void;
  /** Records that filters left out or changed since the last call; counted only. */
  filtered(counts: { readonly excluded: number; readonly sampledOut: number; readonly redacted: number }): void;
  /** A listener takes connections or datagrams at this address. */
  listening(input: string, address: string): void;
  /** A command, container or unit that an input follows came or went. */
  sourceStarted(path: string, detail: string): void;
  sourceEnded(path: string, detail: string): void;
}

/** One source's state, for `status`. */
export interface SourceStatus {
  /** Path of a file; of another source what tells it apart: an address, a container, `cpu`. */
  readonly path: string;
  readonly streamId: Id;
  readonly position: number;
  /** End of what is there, in positions; of a source that has no size, the position. */
  readonly size: number;
  readonly state: 'reading' | 'waiting' | 'rotated' | 'failed';
}

export interface Input {
  readonly name: string;
  /** Reads until aborted, then resolves with everything read so far pushed; rejects when it cannot go on at all. */
  run(signal: AbortSignal): Promise<void>;
  sources(): readonly SourceStatus[];
  /** What it tried to read and could not, whether it is a source yet or not; none unless it says so. */
  failing?(): readonly string[];
  /** Resolves once every source found by now is read and pushed to its end (what `ship` waits for). */
  drained(signal: AbortSignal): Promise<void>;
}
