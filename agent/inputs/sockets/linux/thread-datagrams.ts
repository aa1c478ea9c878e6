/**
 * Datagrams by threads of their own. The sockets are opened here, so that a port that is taken is an error of the start; each thread
 * has the first socket of every address, or one more of a UDP address whose `sockets` says so.
 */
import type { Worker } from 'node:worker_threads';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { Waker } from '@tributary/shared/ffi/linux/datagram-receiver.ts';
import {
  boundPort,
  closeSocket,
  droppedByKernel,
  openUdpSocket,
  openUnixDatagramSocket,
  setReceiveBuffer,
} from '@tributary/shared/ffi/linux/socket.ts';
import { datagramWorker } from '../../../workers.ts';
import type { DatagramHandlers, DatagramSource, DatagramSourceOptions } from '../datagrams.ts';
import { blockBytes, blocksMax, dropCheckMs, udpSlotBytes, udpSlots, unixSlotBytes, unixSlots } from '../limits.ts';
import type { DatagramAddress } from '../listen-address.ts';
import { bindUnixPath, releaseUnixPath } from '../unix-path.ts';
import { blockState, controlWord, controlWords, type FromThread, type ThreadData } from './thread-contract.ts';

interface OpenSocket {
  readonly fd: number;
  readonly address: DatagramAddress;
  /** Index of its address in the options. */
  readonly index: number;
  dropped: number;
  /** What the kernel gave. */
  receiveBufferBytes: number;
}

export async function openThreadDatagrams(options: DatagramSourceOptions): Promise<DatagramSource> {
  const opened: OpenSocket[] = [];
  try {
    for (const index of options.addresses.keys()) await openAddress(options, index, opened);
    return new ThreadDatagrams(options, opened);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** What was opened is in `opened` also when it fails. */
async function openAddress(options: DatagramSourceOptions, index: number, opened: OpenSocket[]): Promise<void> {
  const { addresses, receiveBufferBytes, sockets: count, socketMode } = options;
  const address = addresses[index];
  const keep = (fd: number, bound: DatagramAddress): void => {
    const socket: OpenSocket = { fd, address: bound, index, dropped: 0, receiveBufferBytes: 0 };
    opened.push(socket);
    socket.receiveBufferBytes = setReceiveBuffer(fd, receiveBufferBytes);
  };
  if (address?.scheme === 'unix-dgram') {
    keep(await bindUnixPath(address.path, socketMode, () => Promise.resolve(openUnixDatagramSocket(address.path))), address);
  } else if (address?.scheme === 'udp') {
    let { port } = address;
    // Sockets that share a port share it with those of another process too, and its messages: that nobody has it is tried without.
    if (count > 1 && port !== 0) closeSocket(openUdpSocket({ address: address.host, port, reusePort: false }));
    for (let socket = 0; socket < count; socket += 1) {
      const fd = openUdpSocket({ address: address.host, port, reusePort: count > 1 });
      port = boundPort(fd);
      keep(fd, { ...address, port });
    }
  }
}

async function closeAll(sockets: readonly OpenSocket[]): Promise<void> {
  for (const { fd, address } of sockets) {
    if (address.scheme === 'unix-dgram') await releaseUnixPath(address.path);
    closeSocket(fd);
  }
}

class ThreadDatagrams implements DatagramSource {
  readonly addresses: readonly DatagramAddress[];
  readonly #sockets: readonly OpenSocket[];
  readonly #handlers: DatagramHandlers;
  readonly #clock: Clock;
  readonly #threads: readonly DatagramThread[];
  readonly #stopping = new AbortController();
  #dropCheck: Promise<void> | undefined;

  constructor(options: DatagramSourceOptions, sockets: readonly OpenSocket[]) {
    this.#sockets = sockets;
    this.#handlers = options.handlers;
    this.#clock = options.clock;
    this.addresses = options.addresses.map(
      (address, index) => sockets.find((socket) => socket.index === index)?.address ?? address,
    );
    const shares: OpenSocket[][] = [];
    for (const index of options.addresses.keys()) {
      sockets.filter((socket) => socket.index === index).forEach((socket, thread) => (shares[thread] ??= []).push(socket));
    }
    this.#threads = shares.map((share) => {
      const handlers = { ...options.handlers, onBlock: this.#onBlock };
      return new DatagramThread({ sockets: share, recordBytesMax: options.recordBytesMax, handlers });
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
    this.#stopping.abort();
    await this.#dropCheck;
    this.#countDrops();
    await closeAll(this.#sockets);
  }

  readonly #onBlock: DatagramHandlers['onBlock'] = (block) => {
    this.#dropCheck ??= this.#checkDropsLater();
    this.#handlers.onBlock(block);
  };

  async #checkDropsLater(): Promise<void> {
    await this.#clock.sleep(dropCheckMs, this.#stopping.signal).catch(() => undefined);
    if (this.#stopping.signal.aborted) return;
    this.#dropCheck = undefined;
    this.#countDrops();
  }

  #countDrops(): void {
    for (const socket of this.#sockets) {
      const dropped = droppedByKernel(socket.fd);
      const records = (dropped - socket.dropped) >>> 0;
      socket.dropped = dropped;
      if (records > 0) this.#handlers.onLost({ socket: socket.index, cause: 'socket-full', bytes: 0, records });
    }
  }
}

interface DatagramThreadOptions {
  readonly sockets: readonly OpenSocket[];
  readonly recordBytesMax: number;
  readonly handlers: DatagramHandlers;
}

/** Whoever ends the process waits for its threads. */
const running = new Set<DatagramThread>();
const stopAll = (): void => running.forEach((thread) => thread.tellToStop());

/** One thread, its blocks and its waker. */
class DatagramThread {
  readonly #sockets: readonly OpenSocket[];
  readonly #handlers: DatagramHandlers;
  readonly #blocks = new SharedArrayBuffer(blocksMax * blockBytes);
  readonly #control = new Int32Array(new SharedArrayBuffer(controlWords * Int32Array.BYTES_PER_ELEMENT));
  readonly #waker = Waker.open();
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #isStopping = false;

  constructor({ sockets, recordBytesMax, handlers }: DatagramThreadOptions) {
    this.#sockets = sockets;
    this.#handlers = handlers;
    const data: ThreadData = {
      sockets: sockets.map(({ fd, address, receiveBufferBytes }) =>
        address.scheme === 'udp'
          ? { fd, slots: udpSlots, slotBytes: udpSlotBytes, receiveBufferBytes }
          : { fd, slots: unixSlots, slotBytes: unixSlotBytes, receiveBufferBytes: 0 },
      ),
      recordBytesMax,
      blocks: this.#blocks,
      control: this.#control.buffer,
      wakerFd: this.#waker.fd,
    };
    this.#worker = startWorker(datagramWorker, { workerData: data });
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#fail(new Error('the thread that receives datagrams ended'));
        resolve();
      });
    });
    if (running.size === 0) process.on('exit', stopAll);
    running.add(this);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.tellToStop();
    await this.#ended;
    running.delete(this);
    if (running.size === 0) process.off('exit', stopAll);
    this.#waker[Symbol.dispose]();
  }

  tellToStop(): void {
    Atomics.store(this.#control, controlWord.stop, 1);
    this.#waker.wake();
  }

  #receive(message: FromThread): void {
    const socket = this.#sockets[message.socket]?.index ?? 0;
    if (message.kind === 'lost') {
      this.#handlers.onLost({ ...message, socket });
      return;
    }
    const { block, runs } = message;
    const bytes = Buffer.from(this.#blocks, block * blockBytes, blockBytes);
    this.#handlers.onBlock({ socket, bytes, runs, release: () => this.#release(block) });
  }

  #release(block: number): void {
    Atomics.store(this.#control, block, blockState.free);
    if (Atomics.load(this.#control, controlWord.starved) !== 0) this.#waker.wake();
  }

  #fail(error: Error): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#handlers.onFailed(error);
  }
}
