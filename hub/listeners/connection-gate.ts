/**
 * Who may connect at all, decided when a connection is accepted: before TLS, before a byte was read, before memory is spent on it. Counts
 * connections in all and per address (of IPv6 per /64) until they are closed, whatever became of them.
 *
 * Somebody beyond a limit can be told why only after the handshake. So a connection over a limit is let through as `isOver`, for its
 * listener to answer with 503 and close; from half as many again on, connections are cut off without a word.
 *
 * A handshake takes some half a millisecond of the thread that serves all agents. So where the listener gives tries,
 * each connection that ends before its peer was known takes one of its address, and an address without any is cut off. The
 * loopback has no end of them: what comes from there may be a balancer that stands for everybody.
 */
import type { Server, Socket } from 'node:net';
import { assert } from '@tributary/shared/assert.ts';
import { AllowList } from '@tributary/shared/network/allow-list.ts';
import { networkOf } from '@tributary/shared/network/network-of.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import { OwnKnock } from './own-knock.ts';

export interface GateLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
}

export interface GateCounters {
  /** Cut off, by reason. */
  readonly notAllowed: number;
  readonly tooMany: number;
  readonly tooManyOfAddress: number;
  readonly tooOften: number;
}

export interface GateOptions {
  readonly limits: GateLimits;
  readonly allowed: AllowList;
  /** How often peers may come without becoming known; undefined: as often as they like. */
  readonly tries?: FailureLimiter | undefined;
  readonly triesFree?: AllowList;
  /** Called for each connection that is cut off or over a limit: whoever logs it keeps floods out of the log. */
  readonly onRefused?: (reason: keyof GateCounters, address: string) => void;
}

const toldShare = 1.5;
const loopback = new AllowList(['127.0.0.0/8', '::1/128']);

export class ConnectionGate {
  readonly #options: GateOptions;
  readonly #perAddress = new Map<string, number>();
  /** Connections that are to be told that they are too many, by address and port. */
  readonly #over = new Set<string>();
  /** Those whose peer is not known yet, by address and port. */
  readonly #strangers = new Map<string, Socket>();
  readonly #counters = { notAllowed: 0, tooMany: 0, tooManyOfAddress: 0, tooOften: 0 };
  #connections = 0;
  #own: OwnKnock | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get connections(): number {
    return this.#connections;
  }

  counters(): GateCounters {
    return { ...this.#counters };
  }

  /** Stands before whatever the server does with a connection. To be called once, when the server has all its own listeners. */
  guard(server: Server): void {
    const accepting = server.listeners('connection');
    server.removeAllListeners('connection');
    const own = new OwnKnock(server);
    this.#own = own;
    server.on('connection', (socket: Socket) => {
      if (!own.isMine(socket) && this.#enters(socket)) for (const accept of accepting) accept.call(server, socket);
      else socket.destroy();
    });
  }

  /** The hub comes to its own door: rejects with the reason when it does not open. Neither limits nor counters notice. */
  async knock(): Promise<void> {
    assert(this.#own !== undefined, 'the gate guards a server');
    await this.#own.knock();
  }

  /** Whether this connection, or the one that TLS runs on, is over a limit and is to be told so. */
  isOver(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): boolean {
    return this.#over.has(nameOf(socket));
  }

  /** The peer of this connection, or of the one that TLS runs on, is known now. */
  known(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void {
    this.#strangers.delete(nameOf(socket));
  }

  /** Cuts off all that are still in a handshake: a server that closes would wait for them. */
  cutStrangers(): void {
    for (const socket of this.#strangers.values()) socket.destroy();
  }

  #enters(socket: Socket): boolean {
    const { connectionsMax, connectionsPerAddressMax } = this.#options.limits;
    const address = socket.remoteAddress;
    // Without one it is closed already.
    if (address === undefined) return false;
    if (!this.#options.allowed.allows(address)) return this.#refused('notAllowed', address);
    if ((this.#triesOf(address)?.waitMs(address) ?? 0) > 0) return this.#refused('tooOften', address);
    const network = networkOf(address);
    const ofAddress = this.#perAddress.get(network) ?? 0;
    const tooMany = this.#connections >= connectionsMax;
    const isOver = tooMany || ofAddress >= connectionsPerAddressMax;
    if (isOver) this.#refused(tooMany ? 'tooMany' : 'tooManyOfAddress', address);
    if (this.#connections >= connectionsMax * toldShare || ofAddress >= connectionsPerAddressMax * toldShare) return false;
    this.#count(socket, address, isOver);
    return true;
  }

  #triesOf(address: string): FailureLimiter | undefined {
    const { tries, triesFree = loopback } = this.#options;
    return tries === undefined || triesFree.allows(address) ? undefined : tries;
  }

  #count(socket: Socket, address: string, isOver: boolean): void {
    const [name, network] = [nameOf(socket), networkOf(address)];
    this.#connections += 1;
    this.#perAddress.set(network, (this.#perAddress.get(network) ?? 0) + 1);
    if (isOver) this.#over.add(name);
    this.#strangers.set(name, socket);
    socket.once('close', () => {
      this.#connections -= 1;
      this.#over.delete(name);
      if (this.#strangers.delete(name)) this.#triesOf(address)?.failed(address);
      const left = (this.#perAddress.get(network) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(network);
      else this.#perAddress.set(network, left);
    });
  }

  #refused(reason: keyof GateCounters, address: string): false {
    this.#counters[reason] += 1;
    this.#options.onRefused?.(reason, address);
    return false;
  }
}

function nameOf({ remoteAddress = '', remotePort = 0 }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
