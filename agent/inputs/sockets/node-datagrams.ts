/** Datagrams by Node's own sockets: UDP only, one datagram at a time, without the kernel's count of drops. For systems other than Linux. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { notOnThisSystem } from '@tributary/shared/ffi/system-error.ts';
import type { DatagramHandlers, DatagramSource, DatagramSourceOptions } from './datagrams.ts';
import { blockBytes, blockRecordsMax } from './limits.ts';
import type { DatagramAddress } from './listen-address.ts';
import { RecordList } from './record-list.ts';

export async function openNodeDatagrams(options: DatagramSourceOptions): Promise<DatagramSource> {
  const opened: NodeSocket[] = [];
  try {
    for (const index of options.addresses.keys()) opened.push(await NodeSocket.open(options, index));
  } catch (error) {
    await Promise.all(opened.map((socket) => socket.close()));
    throw error;
  }
  return {
    addresses: opened.map(({ address }) => address),
    stop: async () => {
      await Promise.all(opened.map((socket) => socket.close()));
    },
  };
}

/** What came in one turn of the event loop is handed over at its end. */
class NodeSocket {
  readonly address: DatagramAddress;
  readonly #socket: Socket;
  readonly #index: number;
  readonly #recordBytesMax: number;
  readonly #handlers: DatagramHandlers;
  #waiting = new Map<string, Buffer[]>();
  #waitingBytes = 0;
  #waitingRecords = 0;
  #isClosed = false;

  private constructor(socket: Socket, options: DatagramSourceOptions, place: { index: number; address: DatagramAddress }) {
    this.#socket = socket;
    this.#index = place.index;
    this.address = place.address;
    this.#recordBytesMax = options.recordBytesMax;
    this.#handlers = options.handlers;
    socket.on('message', (message, from) => this.#add(message, from.address));
    socket.on('error', (error) => options.handlers.onFailed(error));
  }

  static async open(options: DatagramSourceOptions, index: number): Promise<NodeSocket> {
    const address = options.addresses[index];
    if (address?.scheme !== 'udp') throw notOnThisSystem('unix datagram socket');
    const { host, port } = address;
    const type = isIPv6(host) ? 'udp6' : 'udp4';
    const socket = createSocket({ type, ipv6Only: type === 'udp6', recvBufferSize: options.receiveBufferBytes });
    socket.bind({ address: host, port, exclusive: true });
    await once(socket, 'listening');
    return new NodeSocket(socket, options, { index, address: { ...address, port: socket.address().port } });
  }

  async close(): Promise<void> {
    this.#flush();
    this.#isClosed = true;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #add(message: Buffer, sender: string): void {
    if (message.length === 0 || this.#isClosed) return;
    if (this.#waitingBytes + message.length > blockBytes || this.#waitingRecords === blockRecordsMax) this.#flush();
    if (this.#waitingRecords === 0) setImmediate(() => this.#flush());
    this.#waiting.getOrInsertComputed(sender, () => []).push(message);
    this.#waitingBytes += message.length;
    this.#waitingRecords += 1;
  }

  #flush(): void {
    if (this.#waitingRecords === 0 || this.#isClosed) return;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#waitingBytes = 0;
    this.#waitingRecords = 0;
    const runs = [...waiting].map(([sender, messages]) => {
      const records = new RecordList();
      for (const { length } of messages) records.add(length, this.#recordBytesMax);
      return { sender, bytes: records.byteLength, lengths: records.lengths, cuts: records.cuts };
    });
    const bytes = Buffer.concat([...waiting.values()].flat());
    this.#handlers.onBlock({ socket: this.#index, bytes, runs, release: () => undefined });
  }
}
