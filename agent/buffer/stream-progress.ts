/** How far streams are stored and acked: what inputs and rotation ask to know what of a file they need no more. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { OutboxBatch } from '@tributary/protocol/session/outbox.ts';
import type { FileProgress, StreamState } from '../inputs/input.ts';
import type { RetainedIndex } from './retained-index.ts';
import type { FinishedReader } from './sql/finished-rows.ts';
import type { StreamTable } from './stream-table.ts';

export interface StreamProgressParts {
  readonly streams: StreamTable;
  readonly index: RetainedIndex;
  readonly finished: FinishedReader;
  /** Batches that the writer has not answered yet. */
  readonly underWay: () => Iterable<OutboxBatch>;
}

export class StreamProgress {
  readonly #parts: StreamProgressParts;

  constructor(parts: StreamProgressParts) {
    this.#parts = parts;
  }

  /** The stream as it is, or what took its place; one that ended is found as long as it is remembered. */
  stream(streamId: Id): StreamState {
    const { streams, finished } = this.#parts;
    return streams.find(streamId) ?? finished.byId(streamId) ?? streams.current(streamId);
  }

  /** The site has everything before it, as far as is known here: where the first unacked segment begins, or the stream's end. */
  ackedTo(streamId: Id): number {
    const stream = this.#parts.streams.find(streamId);
    return stream === undefined ? this.storedTo(streamId) : this.firstUnacked(stream.streamId);
  }

  /** Of what was forgotten, a site has everything. */
  storedTo(streamId: Id): number {
    const { streams, finished } = this.#parts;
    return (streams.find(streamId) ?? finished.byId(streamId))?.position ?? Number.MAX_SAFE_INTEGER;
  }

  /** Where the first segment begins that the site has not acked; the stream's end when there is none. */
  firstUnacked(streamId: Id): number {
    const { streams, index, underWay } = this.#parts;
    const { streamId: current, position } = streams.current(streamId);
    let first = position;
    for (const batches of [index.unackedOf(current), underWay()]) {
      for (const { segments } of batches) {
        for (const segment of segments) if (segment.streamId === current) first = Math.min(first, segment.from);
      }
    }
    return first;
  }

  ofFile(file: { readonly device: string; readonly inode: string }): readonly FileProgress[] {
    const { streams, finished } = this.#parts;
    return this.#progress(streams.ofFile(file), finished.ofFile(file));
  }

  ofFingerprint(fingerprint: string, fingerprintLength: number): readonly FileProgress[] {
    const { streams, finished } = this.#parts;
    const known = streams.ofFingerprint(fingerprint, fingerprintLength);
    return this.#progress(known, finished.ofFingerprint(fingerprint, fingerprintLength));
  }

  /** Ended streams the site may still take for open. */
  ended(): readonly StreamState[] {
    const { streams } = this.#parts;
    return [...streams.all()].filter(({ ended, streamId, start, position }) => {
      return ended && position > start && !streams.isReplaced(streamId);
    });
  }

  #progress(known: readonly StreamState[], finished: readonly StreamState[]): readonly FileProgress[] {
    return [
      ...known.map((stream) => ({ stream, ackedTo: this.firstUnacked(stream.streamId) })),
      ...finished
        .filter(({ streamId }) => this.#parts.streams.get(streamId) === undefined)
        .map((stream) => ({ stream, ackedTo: stream.position })),
    ];
  }
}
