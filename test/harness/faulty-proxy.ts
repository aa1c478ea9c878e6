import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Message } from '@tributary/protocol/messages.ts';
import { ReadableInFlight, SealedInFlight } from './in-flight.ts';
import { ProxiedConnection } from './proxied-connection.ts';
import type { ConnectionPlan } from './connection-plan.ts';

/** Counted per kind, for the ledger's last line. */
export type ProxyFault = 'delay' | 'throttle' | 'stall' | 'cut' | 'drop' | 'hold';

export interface FaultyProxyOptions {
  /** Asked at each connection, as a hub that was started again may listen elsewhere. Undefined: refused. */
  readonly target: () => { readonly host: string; readonly port: number } | undefined;
  readonly plan: (index: number) => ConnectionPlan;
  /** What passes is TLS: nobody here can read it, and the faults are the same. */
  readonly tls?: boolean;
  /** Every message of what can be read, as it came from the agent and as it was given to it; connections are numbered from zero as they are opened. */
  readonly onMessage?: (from: 'agent' | 'hub', message: Message, connection: number) => void;
}

export class FaultyProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: FaultyProxyOptions;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #lastEnded: { atMs: number; inFlight: number }[] = [];
  readonly faults = new Map<ProxyFault, number>();
  opened = 0;
  batchesSent = 0;

  private constructor(options: FaultyProxyOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: false }, (socket) => this.#accept(socket));
  }

  static async start(options: FaultyProxyOptions): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  get url(): string {
    return `${this.#options.tls === true ? 'wss' : 'ws'}://127.0.0.1:${this.port}`;
  }

  /** Batches sent by the agent and not answered yet, over the connections that are open now. */
  get inFlight(): number {
    let sum = 0;
    for (const connection of this.#connections) if (!connection.isNoted) sum += connection.inFlight.count;
    return sum;
  }

  /**
   * What was in flight when a process died: the connections it took with it since `sinceMs` (performance.now) as they were at
   * their end, and those still open.
   */
  inFlightSince(sinceMs: number): number {
    let sum = this.inFlight;
    for (const ended of this.#lastEnded) if (ended.atMs >= sinceMs) sum += ended.inFlight;
    return sum;
  }

  /** Ends every connection now. */
  dropAll(): void {
    for (const connection of this.#connections) connection.drop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.dropAll();
    await closed;
  }

  #accept(agent: Socket): void {
    const target = this.#options.target();
    if (target === undefined) {
      agent.on('error', () => undefined);
      agent.resetAndDestroy();
      return;
    }
    const number = this.opened;
    const plan = this.#options.plan(number);
    this.opened += 1;
    this.#countFaults(plan);
    const onBatch = (): void => {
      this.batchesSent += 1;
      // A held connection's late bytes may come once its successor carries batches.
      for (const other of this.#connections) if (other.inFlight !== inFlight) other.releaseHeld();
    };
    const inFlight =
      this.#options.tls === true
        ? new SealedInFlight({ onBatch })
        : new ReadableInFlight({ onBatch, onMessage: (from, message) => this.#options.onMessage?.(from, message, number) });
    const connection = new ProxiedConnection({ agent, hub: connect({ ...target, noDelay: true }), plan, inFlight });
    connection.onEnding = (kind) => this.#count(kind);
    connection.onEnd = () => {
      this.#lastEnded.push({ atMs: performance.now(), inFlight: inFlight.count });
      if (this.#lastEnded.length > 100) this.#lastEnded.shift();
    };
    connection.onClosed = () => this.#connections.delete(connection);
    this.#connections.add(connection);
  }

  #countFaults(plan: ConnectionPlan): void {
    for (const lane of [plan.toHub, plan.toAgent]) {
      if ((lane.delayMs ?? 0) > 0) this.#count('delay');
      if (lane.bytesPerSecondMax !== undefined) this.#count('throttle');
      if (lane.stall !== undefined) this.#count('stall');
    }
  }

  #count(kind: ProxyFault): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }
}
