/** A thread with a small heap that decodes one frame: what it tells, or its end for want of memory, is the measure. */
import { parentPort, workerData } from 'node:worker_threads';
import { decode } from '@tributary/protocol/codec.ts';
import { FrameError } from '@tributary/protocol/frame-error.ts';

export interface DecodedAlone {
  /** `decoded`, or the code of the FrameError. */
  readonly outcome: string;
  /** Processor time of this thread: what else the machine does at the time does not count. */
  readonly cpuMs: number;
  /** Buffers beside the heap that are new. */
  readonly bufferBytes: number;
}

const frame: unknown = workerData;
if (!(frame instanceof Uint8Array)) throw new TypeError('a frame is given');
const before = { cpu: process.threadCpuUsage(), bytes: process.memoryUsage().arrayBuffers };
const outcome = outcomeOf(frame);
const { user, system } = process.threadCpuUsage(before.cpu);
const bufferBytes = process.memoryUsage().arrayBuffers - before.bytes;
parentPort?.postMessage({ outcome, cpuMs: (user + system) / 1000, bufferBytes } satisfies DecodedAlone, []);

function outcomeOf(bytes: Uint8Array): string {
  try {
    decode(bytes);
    return 'decoded';
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
}
