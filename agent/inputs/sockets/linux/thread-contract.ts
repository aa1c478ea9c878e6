/**
 * Between the main thread and a thread that receives datagrams. Blocks are shared memory; who may use a block is told by its word of
 * `control`: the thread takes a free one, fills it and posts it; the main thread sets it free again. So nothing is copied or sent back.
 */
import type { DatagramRun } from '../datagrams.ts';
import { blocksMax } from '../limits.ts';

export interface ThreadSocket {
  readonly fd: number;
  readonly slots: number;
  readonly slotBytes: number;
  /** What the kernel holds for it; 0 of a unix socket, which holds only some datagrams, however small. */
  readonly receiveBufferBytes: number;
}

export interface ThreadData {
  readonly sockets: readonly ThreadSocket[];
  readonly recordBytesMax: number;
  readonly blocks: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  /** The thread polls it; whoever changes what the thread may wait for wakes it. */
  readonly wakerFd: number;
}

/** Words of `control`: one per block, then what the thread is asked and what it waits for. */
export const controlWord = { stop: blocksMax, starved: blocksMax + 1 } as const;
export const controlWords = blocksMax + 2;

export const blockState = { free: 0, taken: 1 } as const;

export type FromThread =
  | { readonly kind: 'block'; readonly socket: number; readonly block: number; readonly runs: readonly DatagramRun[] }
  | {
      readonly kind: 'lost';
      readonly socket: number;
      readonly cause: 'socket-full' | 'too-large';
      readonly bytes: number;
      readonly records: number;
    };
