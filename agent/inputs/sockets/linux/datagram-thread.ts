/**
 * The thread that receives datagrams: waits for its sockets, takes what came in batches, packs it into blocks (datagram-packer.ts) and
 * posts them. It never returns to an event loop, so that the time from the kernel's buffer into a block is as short as can be;
 * it sleeps in poll(2), which the main thread ends by its waker.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '@tributary/shared/assert.ts';
import { DatagramReceiver, ReadinessPoll, Waker } from '@tributary/shared/ffi/linux/datagram-receiver.ts';
import {
  blockAgeMsMax,
  blockBytes,
  blocksMax,
  fewDatagrams,
  lastReceivesMax,
  pauseBufferBytesMin,
  pauseMs,
  pollMsMax,
  stopGraceMs,
} from '../limits.ts';
import { DatagramPacker } from './datagram-packer.ts';
import { blockState, controlWord, type FromThread, type ThreadData } from './thread-contract.ts';

/** Receives of one socket before the others have their turn. */
const receivesPerTurn = 8;

interface Taken {
  readonly receiver: DatagramReceiver;
  readonly packer: DatagramPacker;
}

class DatagramLoop {
  readonly #data: ThreadData;
  readonly #control: Int32Array;
  readonly #sockets: readonly Taken[];
  readonly #mayPause: boolean;
  /** Nobody changes it: it is only waited for. */
  readonly #pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #waker: Waker;
  readonly #readable: ReadinessPoll;
  readonly #woken: ReadinessPoll;
  #stoppedMs: number | undefined;

  constructor(data: ThreadData, post: (message: FromThread) => void) {
    this.#data = data;
    this.#control = new Int32Array(data.control);
    this.#waker = Waker.of(data.wakerFd);
    this.#readable = new ReadinessPoll([data.wakerFd, ...data.sockets.map(({ fd }) => fd)]);
    this.#woken = new ReadinessPoll([data.wakerFd]);
    this.#mayPause = data.sockets.every(({ receiveBufferBytes }) => receiveBufferBytes >= pauseBufferBytesMin);
    this.#sockets = data.sockets.map((options, socket) => {
      const receiver = new DatagramReceiver(options);
      const packer = new DatagramPacker({
        receiver,
        recordBytesMax: data.recordBytesMax,
        takeBlock: () => this.#takeBlock(),
        post: (packed) => post({ kind: 'block', socket, ...packed }),
        onLost: (loss) => post({ kind: 'lost', socket, ...loss }),
        nowMs: () => performance.now(),
      });
      return { receiver, packer };
    });
  }

  run(): void {
    while (!this.#isStopped()) {
      const received = this.#receiveTurn();
      this.#flushDue();
      if (received === 0) this.#sleep();
      else if (received < fewDatagrams && this.#mayPause) Atomics.wait(this.#pause, 0, 0, pauseMs);
    }
    for (let turn = 0; turn * receivesPerTurn < lastReceivesMax && this.#receiveTurn() > 0; turn += 1);
    for (const { packer } of this.#sockets) packer.flush();
  }

  #receiveTurn(): number {
    let received = 0;
    for (const { receiver, packer } of this.#sockets) {
      for (let turn = 0; turn < receivesPerTurn; turn += 1) {
        const count = receiver.receive();
        if (count === 0) break;
        packer.pack(count);
        received += count;
      }
    }
    return received;
  }

  #flushDue(): void {
    const nowMs = performance.now();
    for (const { packer } of this.#sockets) {
      const { openedMs } = packer;
      if (openedMs !== undefined && nowMs - openedMs >= blockAgeMsMax) packer.flush();
    }
  }

  /** Until something comes, a block is due, or it is time to look whether the process wants to end. */
  #sleep(): void {
    let untilMs = pollMsMax;
    for (const { packer } of this.#sockets) {
      const { openedMs } = packer;
      if (openedMs !== undefined) untilMs = Math.min(untilMs, openedMs + blockAgeMsMax - performance.now());
    }
    if (this.#readable.wait(Math.max(0, untilMs))) this.#waker.clear();
  }

  #isStopped(): boolean {
    return Atomics.load(this.#control, controlWord.stop) !== 0;
  }

  /** The main thread takes what was posted until the very end, so that blocks come free; if none does, it is not worth waiting. */
  #isPastStop(): boolean {
    if (!this.#isStopped()) return false;
    this.#stoppedMs ??= performance.now();
    return performance.now() - this.#stoppedMs >= stopGraceMs;
  }

  /** The first free block, so that few are ever touched while the main thread keeps up. */
  #takeBlock(): { index: number; bytes: Buffer } | undefined {
    for (;;) {
      const index = this.#freeBlock();
      if (index !== undefined) return { index, bytes: Buffer.from(this.#data.blocks, index * blockBytes, blockBytes) };
      // Whoever frees a block after this word is set wakes; one that was freed before it is found by looking once more.
      Atomics.store(this.#control, controlWord.starved, 1);
      if (this.#freeBlock(false) === undefined && this.#woken.wait(stopGraceMs)) this.#waker.clear();
      Atomics.store(this.#control, controlWord.starved, 0);
      if (this.#isPastStop() && this.#freeBlock(false) === undefined) return undefined;
    }
  }

  #freeBlock(isToTake = true): number | undefined {
    for (let index = 0; index < blocksMax; index += 1) {
      if (Atomics.load(this.#control, index) !== blockState.free) continue;
      if (isToTake) Atomics.store(this.#control, index, blockState.taken);
      return index;
    }
    return undefined;
  }
}

assert(parentPort !== null, 'this file is the entry of a thread');
const port = parentPort;
const data: ThreadData = workerData;
new DatagramLoop(data, (message) => port.postMessage(message)).run();
