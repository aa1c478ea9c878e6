/** The streams a peer has open, by number; the mirror of client-streams.ts, with the same rule of which number is forgotten. */
import type { Mark, OpenStream } from '../messages.ts';
import type { ServerChannel } from './server-channel.ts';
import type { StreamKey } from './server-effect.ts';

export interface ServerStream {
  readonly key: StreamKey;
  readonly channel: ServerChannel;
  /** As the peer described it last. */
  message: OpenStream;
  /** What the site has of it: batches with this stream are refused until it is opened again. */
  refused: { readonly held: number; readonly heldMark: Mark } | undefined;
}

export class ServerStreams {
  readonly #byNumber = new Map<number, ServerStream>();
  readonly #streamsMax: number;
  #lastNumber = 0;

  constructor(streamsMax: number) {
    this.#streamsMax = streamsMax;
  }

  find(number: number): ServerStream | undefined {
    return this.#byNumber.get(number);
  }

  isNext(number: number): boolean {
    return number === this.#lastNumber + 1;
  }

  /** The next number; the one `streamsMax` below it is forgotten. */
  add(stream: ServerStream): void {
    this.#lastNumber += 1;
    this.#byNumber.delete(this.#lastNumber - this.#streamsMax);
    this.#byNumber.set(this.#lastNumber, stream);
  }

  all(): Iterable<ServerStream> {
    return this.#byNumber.values();
  }
}
