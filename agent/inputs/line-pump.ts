/** Reads a pipe as fast as there is room, each line a record of one stream: what is not read waits in the pipe, and so does its writer. */
import type { Readable } from 'node:stream';
import type { CountedStream, Records } from './counted-stream.ts';
import type { RecordIntake } from './sockets/record-intake.ts';
import { StreamFramer } from './sockets/stream-framer.ts';

export interface LinePumpOptions {
  readonly readable: Readable;
  readonly stream: CountedStream;
  readonly intake: RecordIntake;
  readonly recordBytesMax: number;
  /** After an abort it is read to its end, as its writer is told to end; otherwise no more is read. */
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
  const stop = (): void => {
    if (!isReadToEnd) readable.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const chunk of readable) {
      if (!(chunk instanceof Buffer)) throw new TypeError('a pipe is read as bytes');
      if (onBytes?.(chunk.length) === false) break;
      await push(framer.frame(chunk));
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  await push(framer.end().records);
}
