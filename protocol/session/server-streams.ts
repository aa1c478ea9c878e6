/**
 * The streams a peer has open, by number; the mirror of client-streams.ts, with the same rule of which number is forgotten. Of what describes
 * them so much is remembered and no more, as its peer makes it as long as it likes.
 */
import { describedBytesMax } from '../limits.ts';
import type { Mark, OpenStream } from '../messages.ts';
import type { ServerChannel } from './server-channel.ts';
import type { StreamKey } from './server-effect.ts';

export interface ServerStream {
  readonly number: number;
  readonly key: StreamKey;
  readonly channel: ServerChannel;
  readonly encoding: string;
  /** As the peer described it last; undefined once it was described so long ago that it is forgotten. */
  message: OpenStream | undefined;
  /** What the site has of it: batches with this stream are refused until it is opened again. */
  refused: { readonly held: number; readonly heldMark: Mark } | undefined;
}

export class ServerStreams {
  readonly #byNumber = new Map<number, ServerStream>();
  readonly #streamsMax: number;
  /** Those whose description is remembered, the oldest first, with its size. */
  readonly #described = new Map<ServerStream, number>();
  #describedBytes = 0;
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
    const pushedOut = this.#byNumber.get(this.#lastNumber - this.#streamsMax);
    if (pushedOut !== undefined) this.#undescribe(pushedOut);
    this.#byNumber.delete(this.#lastNumber - this.#streamsMax);
    this.#byNumber.set(this.#lastNumber, stream);
  }

  describe(stream: ServerStream, message: OpenStream): void {
    this.#undescribe(stream);
    const bytes = describedBytes(message);
    stream.message = message;
    this.#described.set(stream, bytes);
    this.#describedBytes += bytes;
    for (const oldest of this.#described.keys()) {
      if (this.#describedBytes <= describedBytesMax) break;
      this.#undescribe(oldest);
    }
  }

  all(): Iterable<ServerStream> {
    return this.#byNumber.values();
  }

  #undescribe(stream: ServerStream): void {
    this.#describedBytes -= this.#described.get(stream) ?? 0;
    this.#described.delete(stream);
    stream.message = undefined;
  }
}

/** About what it takes in memory. */
function describedBytes({ identity, attributes }: OpenStream): number {
  const { path, token } = identity;
  const labels = Object.entries(attributes.labels).reduce((sum, [name, value]) => sum + 64 + name.length + value.length, 0);
  return 1024 + path.length + token.length + attributes.host.length + labels;
}
