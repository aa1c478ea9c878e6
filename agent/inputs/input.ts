/**
 * An input: one kind of source (file, later syslog, exec…). It reads, frames into records and pushes runs into the sink it is
 * given; it knows neither buffer nor uplink. One folder each, one line in registry.ts.
 */
import type { Cut, Id, Mark, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';

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

/** A contiguous run of one stream: whole records, `[from, from + bytes.length)` for lines, `records` long for counted ones. */
export interface Run {
  readonly streamId: Id;
  readonly from: number;
  /** Read only during the call: the sink copies them. */
  readonly bytes: Uint8Array;
  readonly records: number;
  readonly cuts: readonly Cut[];
  readonly lengths: readonly number[];
  /** Mark at `from`, and at the run's end. */
  readonly fromMark: Mark;
  readonly toMark: Mark;
}

/** What an input may do with streams and records. */
export interface Sink {
  /** All streams that were not ended, as they are durably. An input matches its sources to these by identity. */
  streams(): readonly StreamState[];
  /** Draws an id and keeps the stream durably before the first run can be. Resolves when it is durable. */
  openStream(stream: { identity: SourceIdentity; attributes: StreamAttributes; start: number }): Promise<StreamState>;
  /** The source was renamed, or its fingerprint grew. Durable with the next batch or soon after; idempotent. */
  updateIdentity(streamId: Id, identity: SourceIdentity): void;
  /** Nothing more will come: all of it was pushed. Durable after the runs pushed before it. */
  endStream(streamId: Id): void;
  /**
   * Copies the run into the batch being built. Returns true when there is room for more; after false the input waits for
   * `ready()`. Runs of a stream come in order and without holes (asserted).
   */
  push(run: Run): boolean;
  /** Resolves when there is room again; rejects when the signal is aborted. */
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
}

/** One source's state, for `status`. */
export interface SourceStatus {
  readonly path: string;
  readonly streamId: Id;
  readonly position: number;
  readonly size: number;
  readonly state: 'reading' | 'waiting' | 'rotated' | 'failed';
}

export interface Input {
  readonly name: string;
  /** Reads until aborted, then resolves with everything read so far pushed; rejects when it cannot go on at all. */
  run(signal: AbortSignal): Promise<void>;
  sources(): readonly SourceStatus[];
  /** Resolves once every source found by now is read and pushed to its end (what `ship` waits for). */
  drained(signal: AbortSignal): Promise<void>;
}
