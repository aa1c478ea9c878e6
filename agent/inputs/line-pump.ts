/** Reads a pipe as fast as there is room, each line a record of one stream: what is not read waits in the pipe, and so does its writer. */
import type { Readable } from 'node:stream';
import { Condition } from '../framing/condition.ts';
import type { CountedStream, Records } from './counted-stream.ts';
import type { RecordIntake } from './sockets/record-intake.ts';
import { StreamFramer } from './sockets/stream-framer.ts';

export interface LinePumpOptions {
  readonly readable: Readable;
  readonly stream: CountedStream;
  readonly intake: RecordIntake;
  readonly recordBytesMax: number;
  /**
   * After an abort it is read to its end, as its writer is told to end; otherwise only what came by then is taken, and somebody else may
   * go on.
   */
  readonly isReadToEnd: boolean;
  /** Told of each chunk before it is pushed. False: no more is read. */
  readonly onBytes?: (bytes: number) => boolean;
}

/**
 * Resolves at the end of the pipe, when it is destroyed, or when the signal is aborted; everything that was read is pushed then, after
 * an abort without waiting for room. The last line may have no newline.
 */
export async function pumpLines(options: LinePumpOptions, signal: AbortSignal): Promise<void> {
  const { readable, stream, intake, recordBytesMax, isReadToEnd, onBytes } = options;
  const framer = new StreamFramer('lines', recordBytesMax);
  const push = async (records: Records): Promise<void> => {
    const hasRoom = intake.push(stream, records);
    if (!hasRoom && !signal.aborted) await intake.ready(signal);
  };
  using chunks = new Chunks(readable, isReadToEnd ? undefined : signal);
  for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) {
    if (onBytes?.(chunk.length) === false) {
      readable.destroy();
      break;
    }
    await push(framer.frame(chunk));
  }
  await push(framer.end().records);
}

const events = ['readable', 'end', 'close', 'error'] as const;

/** What a pipe brings. Reading leaves the pipe as it is: an iterator would destroy it, or not end before the next bytes come. */
class Chunks implements Disposable {
  readonly #readable: Readable;
  readonly #signal: AbortSignal | undefined;
  readonly #changed = new Condition();
  readonly #notify = (): void => this.#changed.notify();

  constructor(readable: Readable, signal: AbortSignal | undefined) {
    this.#readable = readable;
    this.#signal = signal;
    for (const event of events) readable.on(event, this.#notify);
    signal?.addEventListener('abort', this.#notify);
  }

  /** Undefined at the end, and when nothing is there after the signal was aborted. Rejects when the pipe broke. */
  async next(): Promise<Buffer | undefined> {
    const readable = this.#readable;
    for (;;) {
      const chunk: unknown = readable.read();
      if (chunk instanceof Buffer) return chunk;
      if (chunk !== null) throw new TypeError('a pipe is read as bytes');
      if (readable.errored !== null) throw readable.errored;
      if (readable.readableEnded || readable.destroyed || this.#signal?.aborted === true) return undefined;
      await this.#changed.wait();
    }
  }

  [Symbol.dispose](): void {
    for (const event of events) this.#readable.off(event, this.#notify);
    this.#signal?.removeEventListener('abort', this.#notify);
  }
}
