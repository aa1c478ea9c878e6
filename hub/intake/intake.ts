/**
 * The hub's intake: every agent's connection, whoever listens for it. It admits peers, gives their batches to the queue, and
 * answers them when the queue has them durably.
 */
import type { Hello, Id } from '@tributary/protocol/messages.ts';
import type { Admission } from '@tributary/protocol/session/server-effect.ts';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Burst } from '../groups/burst.ts';
import type { Queue } from '../queue/queue.ts';
import { openGate, type QuotaGate } from '../quotas/quota-gate.ts';
import { Admissions } from './admission.ts';
import { IntakeConnection, type Peer } from './connection.ts';
import { type IntakeCounters, IntakeEvents } from './events.ts';
import { flushIntervalMsMin, type IntakeLimits, intakeLimits } from './limits.ts';

export interface IntakeOptions {
  readonly queue: Queue;
  /** Both drawn when the store was made; the sqlite queue has them. */
  readonly siteId: Id;
  readonly hubId: Id;
  /** Told of every batch: others let a burst pass. */
  readonly burst: Burst;
  readonly log: Logger;
  /** None unless given. */
  readonly quotas?: QuotaGate;
  readonly clock?: Clock;
  readonly limits?: Partial<IntakeLimits>;
  /** Addresses of the other hubs of this site, told to agents. */
  readonly hubs?: readonly string[];
}

export interface ConnectionStatus {
  readonly remote: string;
  /** Undefined until the peer was admitted. */
  readonly agentId: Id | undefined;
  readonly host: string | undefined;
}

export interface IntakeStatus {
  readonly connections: readonly ConnectionStatus[];
  readonly counters: IntakeCounters;
}

export interface Intake extends AsyncDisposable {
  /** A peer has connected. The listener passes on what it receives, and says when the socket is gone. */
  connect(peer: Peer): IntakeConnection;
  status(): IntakeStatus;
  /** Sends every agent to one of `hubs`, or away; resolves when all have gone, at the latest after `deadlineMs`. */
  drain(hubs: readonly string[], deadlineMs: number): Promise<void>;
}

export function createIntake(options: IntakeOptions): Intake {
  return new StandardIntake(options);
}

class StandardIntake implements Intake {
  readonly #options: IntakeOptions;
  readonly #clock: Clock;
  readonly #limits: IntakeLimits;
  readonly #events: IntakeEvents;
  readonly #admissions: Admissions;
  readonly #connections = new Set<IntakeConnection>();
  /** Connections that ended while the queue had something of theirs. */
  readonly #settling = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #ticking: Promise<void>;
  #noneLeft: (() => void) | undefined;
  #draining = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limits = intakeLimits(options.limits);
    this.#events = new IntakeEvents(options.log);
    this.#admissions = new Admissions({ events: this.#events, retryAfterMs: this.#limits.retryAfterMs });
    this.#ticking = this.#tick(this.#stop.signal);
  }

  connect(peer: Peer): IntakeConnection {
    const connection = new IntakeConnection({
      peer,
      queue: this.#options.queue,
      siteId: this.#options.siteId,
      events: this.#events,
      quotas: this.#options.quotas ?? openGate,
      burst: this.#options.burst,
      limits: this.#limits,
      now: () => this.#clock.monotonic(),
      admit: (hello, admitted) => this.#admit(hello, admitted),
      left: (left) => this.#left(left),
    });
    this.#connections.add(connection);
    return connection;
  }

  status(): IntakeStatus {
    const connections = [...this.#connections].map(({ remote, hello }) => {
      return { remote, agentId: hello?.agentId, host: hello?.facts['host'] };
    });
    return { connections, counters: this.#events.counters() };
  }

  async drain(hubs: readonly string[], deadlineMs: number): Promise<void> {
    this.#draining = true;
    for (const connection of this.#connections) connection.drain(hubs, deadlineMs);
    if (this.#connections.size > 0) {
      const waiting = new AbortController();
      const empty = new Promise<void>((resolve) => {
        this.#noneLeft = resolve;
      });
      await Promise.race([empty, this.#waited(deadlineMs, waiting.signal)]);
      waiting.abort();
    }
    this.#shutdownAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#draining = true;
    this.#stop.abort();
    this.#shutdownAll();
    await this.#ticking;
    await Promise.all(this.#settling);
  }

  #admit(hello: Hello, connection: IntakeConnection): Admission {
    if (this.#draining) {
      return { kind: 'rejected', code: 'shutdown', hint: 'this hub is stopping', retryAfterMs: this.#limits.retryAfterMs };
    }
    const reject = this.#admissions.admit(hello, connection);
    if (reject !== undefined) return { kind: 'rejected', ...reject };
    const { queue, siteId, hubId, hubs = [] } = this.#options;
    const welcome = {
      hubId,
      siteId,
      storeId: queue.storeId,
      hubs,
      limits: this.#limits.session,
      flushIntervalMsMin: flushIntervalMsMin(this.#limits, this.#connections.size),
      creditBytes: this.#limits.initialCreditBytes,
      capabilities: [],
    };
    return { kind: 'admitted', welcome, origin: { siteId, agentId: hello.agentId } };
  }

  #left(connection: IntakeConnection): void {
    this.#connections.delete(connection);
    if (connection.hello !== undefined) this.#admissions.left(connection, connection.hello.agentId);
    const settling = connection.settled().finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
    if (this.#connections.size === 0) this.#noneLeft?.();
  }

  #shutdownAll(): void {
    const reject = { code: 'shutdown', hint: 'this hub is stopping', retryAfterMs: 0 } as const;
    for (const connection of this.#connections) connection.shutdown(reject);
  }

  async #tick(signal: AbortSignal): Promise<void> {
    while (await this.#waited(this.#limits.tickMs, signal)) {
      for (const connection of this.#connections) connection.tick();
    }
  }

  /** False when the wait was ended before its time. */
  async #waited(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#clock.sleep(ms, signal);
      return true;
    } catch {
      return false;
    }
  }
}
