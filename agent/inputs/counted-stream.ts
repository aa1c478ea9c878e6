/**
 * A stream whose positions count records: of a source that cannot be read again (socket, exec, metrics), or that has a resume token
 * of its own (journald). Draws a stream at `open`, keeps position and mark, and pushes whole records.
 */
import { markOf } from '@tributary/protocol/mark.ts';
import type { Cut, Id, Mark, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Overflow, Sink, StreamState } from './input.ts';

/** Records one after the other; a record may hold anything. */
export interface Records {
  readonly bytes: Uint8Array;
  /** Length of each record. */
  readonly lengths: readonly number[];
  /** Records that go on in the next one, or that the source's end cut off: each at the end of one of them. */
  readonly cuts?: readonly Cut[];
}

export interface CountedStreamOptions {
  readonly sink: Sink;
  /** Told apart by path: an address, a command, a unit. */
  readonly path: string;
  readonly attributes: Omit<StreamAttributes, 'counted'>;
  readonly overflow: Overflow;
}

/** Streams that something pushes into now, by what all sinks of an agent share. */
const liveStreams = new WeakMap<object, Set<Id>>();

function liveOf(sink: Sink): Set<Id> {
  return liveStreams.getOrInsertComputed(sink.shared ?? sink, () => new Set());
}

/**
 * Ends the counted streams of earlier runs that nothing can go on with: those without a resume token. Called when an input begins,
 * whichever it is: a process that was killed left them open.
 */
export function endAbandonedStreams(sink: Sink): void {
  const live = liveOf(sink);
  for (const { streamId, attributes, identity } of sink.streams()) {
    if (attributes.counted && identity.token === '' && !live.has(streamId)) sink.endStream(streamId);
  }
}

export class CountedStream {
  readonly #sink: Sink;
  readonly #overflow: Overflow;
  #streamId: Id;
  #position: number;
  #mark: Mark;

  private constructor(sink: Sink, overflow: Overflow, state: StreamState) {
    this.#sink = sink;
    this.#overflow = overflow;
    this.#streamId = state.streamId;
    this.#position = state.position;
    this.#mark = state.mark;
    liveOf(sink).add(state.streamId);
  }

  /** A new stream, durable when resolved. */
  static async open({ sink, path, attributes, overflow }: CountedStreamOptions): Promise<CountedStream> {
    const identity: SourceIdentity = { ...emptyIdentity, path };
    const state = await sink.openStream({ identity, attributes: { ...attributes, counted: true }, start: 0 });
    return new CountedStream(sink, overflow, state);
  }

  /** Goes on with a stream that has a resume token. */
  static resume(sink: Sink, overflow: Overflow, state: StreamState): CountedStream {
    return new CountedStream(sink, overflow, state);
  }

  get streamId(): Id {
    return this.#streamId;
  }

  get position(): number {
    return this.#position;
  }

  /** Everything before this position is durable in the buffer. */
  isStoredTo(position: number): boolean {
    return this.#sink.storedTo(this.#streamId) >= position;
  }

  /** Copies the records. False: nothing more should come until `sink.ready` resolves. */
  push({ bytes, lengths, cuts = [] }: Records, token?: string): boolean {
    const from = this.#position;
    const to = from + lengths.length;
    const fromMark = this.#mark;
    const toMark = markOf(bytes.subarray(bytes.length - (lengths.at(-1) ?? 0)));
    this.#position = to;
    this.#mark = toMark;
    return this.#sink.push({
      streamId: this.#streamId,
      from,
      to,
      bytes,
      records: lengths.length,
      cuts,
      lengths,
      drops: [],
      fromMark,
      toMark,
      overflow: this.#overflow,
      ...(token === undefined ? {} : { token }),
    });
  }

  /** The site has other content under this stream: it goes on as another one (Sink.onReplaced). */
  replaced(state: StreamState): void {
    liveOf(this.#sink).delete(this.#streamId);
    liveOf(this.#sink).add(state.streamId);
    this.#streamId = state.streamId;
    this.#position = state.position;
    this.#mark = state.mark;
  }

  /** Nothing more will come. */
  end(): void {
    liveOf(this.#sink).delete(this.#streamId);
    this.#sink.endStream(this.#streamId);
  }
}

const emptyIdentity: SourceIdentity = {
  path: '',
  device: '',
  inode: '',
  fingerprint: '',
  fingerprintLength: 0,
  token: '',
  base: 0,
};
