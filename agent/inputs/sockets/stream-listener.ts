/** A listener for connections over TCP or a unix socket. What a connection does is in connection.ts. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@tributary/shared/clock.ts';
import type { InputEvents } from '../input.ts';
import type { AllowList } from '@tributary/shared/network/allow-list.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { acceptTurnsMax, backlogMax, keepAliveMs, stopHandshakeMs } from './limits.ts';
import { endHandshakes } from './linux/last-handshakes.ts';
import { formatListenAddress, type StreamAddress } from './listen-address.ts';
import { bindUnixPath, releaseUnixPath } from './unix-path.ts';

export interface StreamListenerOptions extends Pick<
  ConnectionOptions,
  'senders' | 'intake' | 'losses' | 'framing' | 'recordBytesMax' | 'idleTimeoutMs' | 'confirm'
> {
  readonly address: StreamAddress;
  readonly connectionsMax: number;
  readonly socketMode: number;
  readonly allowed: AllowList;
  readonly events: InputEvents;
  readonly clock: Clock;
  readonly onDenied: (address: string) => void;
  /** What a connection ran into that is no fault of its own: nothing can be stored. */
  readonly onFailed: (error: unknown) => void;
}

export class StreamListener {
  /** Its port is the one that the system chose where 0 was asked for. */
  readonly address: StreamAddress;
  readonly #options: StreamListenerOptions;
  readonly #server: Server;
  readonly #connections = new Map<Socket, Promise<void>>();
  readonly #stopping = new AbortController();
  #isFull = false;
  #accepted = 0;

  private constructor(options: StreamListenerOptions, server: Server, address: StreamAddress) {
    this.#options = options;
    this.#server = server;
    this.address = address;
    server.on('connection', (socket) => this.#accept(socket));
    server.on('error', (error) => options.onFailed(error));
  }

  static async open(options: StreamListenerOptions): Promise<StreamListener> {
    const { address, socketMode } = options;
    const server = createServer({ allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
    const bind = async (): Promise<void> => {
      const listening = once(server, 'listening');
      if (address.scheme === 'unix') server.listen({ path: address.path, backlog: backlogMax });
      else server.listen({ host: address.host, port: address.port, backlog: backlogMax, ipv6Only: address.host.includes(':') });
      await listening;
    };
    if (address.scheme === 'unix') {
      await bindUnixPath(address.path, socketMode, bind);
      return new StreamListener(options, server, address);
    }
    await bind();
    const bound = server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : address.port;
    return new StreamListener(options, server, { ...address, port });
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Accepts who had begun to connect and nobody else, reads what is on its way, and resolves when all are closed and pushed. */
  async stop(): Promise<void> {
    const { address } = this;
    const { clock, onFailed } = this.#options;
    const closed = Promise.withResolvers<void>();
    this.#server.once('close', closed.resolve);
    this.#stopping.abort();
    if (address.scheme === 'unix') await releaseUnixPath(address.path).catch((error: unknown) => onFailed(error));
    else if (endHandshakes(this.#server)) await clock.sleep(stopHandshakeMs);
    await this.#closeWhenNoneWaits();
    await Promise.all(this.#connections.values());
    await closed.promise;
  }

  /**
   * A sender is connected, and writes, before the agent has accepted it: the kernel did. Closing the listener resets those connections
   * with all that was written, so it is closed right after the first turn of the event loop that had none to accept. Nobody can connect
   * in between any more; where the system has no way to prevent it, it is a moment.
   */
  async #closeWhenNoneWaits(): Promise<void> {
    const isClosed = Promise.withResolvers<void>();
    let before = 0;
    const turn = (turns: number): void => {
      // The first turn may have been under way when the next was asked for. Who connects again and again is not waited for.
      const isDone = (turns > 1 && this.#accepted === before) || turns > acceptTurnsMax;
      before = this.#accepted;
      if (!isDone) return void setImmediate(turn, turns + 1);
      this.#server.close();
      isClosed.resolve();
    };
    turn(0);
    await isClosed.promise;
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    const { allowed, onDenied, connectionsMax, onFailed } = this.#options;
    const sender = socket.remoteAddress ?? '';
    if (this.address.scheme === 'tcp' && !allowed.allows(sender)) {
      onDenied(sender);
      socket.destroy();
      return;
    }
    if (this.#connections.size >= connectionsMax) {
      this.#tellFull(true);
      socket.destroy();
      return;
    }
    this.#tellFull(false);
    const path = formatListenAddress(this.#options.address);
    const connection = new Connection({ ...this.#options, socket, sender, path });
    const done = connection.run(this.#stopping.signal).then(
      () => void this.#connections.delete(socket),
      (error: unknown) => {
        this.#connections.delete(socket);
        onFailed(error);
      },
    );
    this.#connections.set(socket, done);
  }

  #tellFull(isFull: boolean): void {
    if (this.#isFull === isFull) return;
    this.#isFull = isFull;
    const { events, address, connectionsMax } = this.#options;
    const path = formatListenAddress(address);
    if (isFull) events.sourceFailed(path, new Error(`${connectionsMax} connections are open: more are refused`));
    else events.sourceRecovered(path);
  }
}
