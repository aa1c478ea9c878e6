/**
 * The hub's intake: every agent's connection, whoever listens for it. It admits peers, gives their batches to the queue, and
 * answers them when the queue has them durably.
 */
import type { Hello, Id } from '@tributary/protocol/messages.ts';
import type { Admission } from '@tributary/protocol/session/server-effect.ts';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Burst } from '../groups/burst.ts';
import type { Queue } from '../queue/queue.ts';
import { openGate, type QuotaGate } from '../quotas/quota-gate.ts';
import { noRedactor, type Redactor } from '../redaction/redaction-pool.ts';
import type { Registry } from '../registry/registry.ts';
import { Admissions } from './admission.ts';
import { IntakeConnection, type Peer } from './connection.ts';
import { type IntakeCounters, IntakeEvents } from './events.ts';
import { Gatekeeper, tenantOf } from './gatekeeper.ts';
import { Credits } from './credits.ts';
import { announceArrival, onArrivalElsewhere } from './elsewhere.ts';
import { flushIntervalMsMin, type IntakeLimits, intakeLimits, rebalanceLimits } from './limits.ts';
import type { PeerIdentity } from './peer-identity.ts';
import { Rebalance } from './rebalance.ts';
import type { SourceEvents } from './source-events.ts';
import { Standing } from './standing.ts';
import { Strangers } from './strangers.ts';

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
  /** What is covered before anything is stored. Nothing unless given. */
  readonly redactor?: Redactor;
  /** Who is known and who was revoked. Needed where peers come with certificates. */
  readonly registry?: Registry;
  /** Certificates come from an authority that is not the site's own. */
  readonly ownPki?: boolean;
  /** Shared with the listener, so that a flood is told once. */
  readonly strangers?: Strangers;
  readonly clock?: Clock;
  readonly limits?: Partial<IntakeLimits>;
  /** A hub of a lower site told its site's health: at most `snapshotBytesMax` bytes that nobody looked at yet. */
  readonly onSnapshot?: (from: IntakeConnection, json: Uint8Array) => void;
  /** Told what comes of which source. */
  readonly sources?: SourceEvents;
  /** A lower site brings what came from this very one, or through it. */
  readonly onLoop?: (lowerSiteId: Id) => void;
  /** A peer that was admitted is gone: who asks for the connections now and then may never have seen it. */
  readonly onLeft?: (left: ConnectionStatus) => void;
  /** The other hubs of this site. Without it this one is alone, and names none to agents. */
  readonly cluster?: IntakeCluster;
  /** Beyond so many agents some are sent to hubs that have fewer. */
  readonly connectionsMax?: number;
}

export type IntakeCluster = Pick<Cluster, 'hubId' | 'members' | 'addresses' | 'announce' | 'onAnnounced'>;

export interface ConnectionStatus {
  readonly remote: string;
  /** Undefined until the peer was admitted. */
  readonly agentId: Id | undefined;
  readonly host: string | undefined;
  /** How it is known: by the certificate of an agent or of a lower site, or by nothing (`plain`). */
  readonly identity: PeerIdentity['kind'];
  /** Owner of what it sends; `*` and lists only of a lower site. Undefined where its messages say so. */
  readonly tenant: string | undefined;
  /** When its certificate ends. */
  readonly notAfterMs: number | undefined;
  /** For how long it has not answered, although it was asked whether it is there; 0: it answers. */
  readonly silentMs: number;
}

export interface IntakeStatus {
  readonly connections: readonly ConnectionStatus[];
  readonly counters: IntakeCounters;
  /** Positions that agents declared lost, or left out, since the start, by cause. */
  readonly lost: Readonly<Record<string, number>>;
  /** Peers and connections that were turned away since the start, by reason. */
  readonly turnedAway: Readonly<Record<string, number>>;
}

export interface Intake extends AsyncDisposable {
  /** A peer has connected, and is who the listener found it to be. The listener passes on what it receives, and says when the socket is gone. */
  connect(peer: Peer, identity: PeerIdentity): IntakeConnection;
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
  readonly #strangers: Strangers;
  readonly #gatekeeper: Gatekeeper;
  readonly #standing: Standing;
  readonly #connections = new Set<IntakeConnection>();
  /** Those of them for which time may bring something. Of very many at rest none is gone through every tick. */
  readonly #young = new Set<IntakeConnection>();
  readonly #credits: Credits;
  /** Connections that ended while the queue had something of theirs. */
  readonly #settling = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #ticking: Promise<void>;
  readonly #rebalance: Rebalance | undefined;
  readonly #unfollow: readonly (() => void)[];
  #rebalancedMs: number;
  #noneLeft: (() => void) | undefined;
  #draining = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limits = intakeLimits(options.limits);
    this.#events = new IntakeEvents(options.log);
    this.#credits = new Credits(options.queue);
    const { retryAfterMs } = this.#limits;
    this.#admissions = new Admissions({ events: this.#events, retryAfterMs, now: () => this.#clock.monotonic() });
    const { siteId, registry, log, ownPki = false } = options;
    this.#strangers = options.strangers ?? new Strangers({ log, registry });
    this.#gatekeeper = new Gatekeeper({
      siteId,
      registry,
      ownPki,
      strangers: this.#strangers,
      retryAfterMs,
      onLoop: options.onLoop,
    });
    this.#standing = new Standing({ gatekeeper: this.#gatekeeper, registry, clock: this.#clock });
    const { cluster, connectionsMax = Number.POSITIVE_INFINITY, queue } = options;
    this.#rebalance = cluster === undefined ? undefined : new Rebalance({ hubId: cluster.hubId, connectionsMax });
    this.#rebalancedMs = this.#clock.monotonic();
    this.#unfollow = [
      queue.onStoreChanged((partition) => this.#storeChanged(partition)),
      ...(cluster === undefined ? [] : [onArrivalElsewhere(cluster, (arrival) => this.#admissions.cameElsewhere(arrival))]),
    ];
    this.#ticking = this.#tick(this.#stop.signal);
  }

  connect(peer: Peer, identity: PeerIdentity): IntakeConnection {
    const { siteId, hubId } = this.#options;
    const connection = new IntakeConnection({
      peer,
      identity,
      gatekeeper: this.#gatekeeper,
      queue: this.#options.queue,
      credits: this.#credits,
      events: this.#events,
      quotas: this.#options.quotas ?? openGate,
      redactor: this.#options.redactor ?? noRedactor,
      burst: this.#options.burst,
      limits: this.#limits,
      now: () => this.#clock.monotonic(),
      sources: this.#options.sources,
      snapshot: (from, json) => this.#options.onSnapshot?.(from, json),
      hop: () => ({ siteId, hubId, receivedMs: this.#clock.now() }),
      admit: (hello, admitted) => this.#admit(hello, admitted),
      left: (left) => this.#left(left),
    });
    this.#connections.add(connection);
    this.#young.add(connection);
    return connection;
  }

  status(): IntakeStatus {
    const list = (): ConnectionStatus[] => [...this.#connections].map(connectionStatus);
    return {
      // Who wants the counters only has no list of very many made.
      get connections() {
        return list();
      },
      counters: this.#events.counters(),
      lost: this.#events.lost(),
      turnedAway: this.#strangers.counts(),
    };
  }

  async drain(hubs: readonly string[], deadlineMs: number): Promise<void> {
    this.#draining = true;
    // Each begins with another one, so that they spread.
    for (const [index, connection] of [...this.#connections].entries()) connection.drain(rotated(hubs, index), deadlineMs);
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
    this.#standing[Symbol.dispose]();
    for (const unfollow of this.#unfollow) unfollow();
    this.#shutdownAll();
    await this.#ticking;
    await Promise.all(this.#settling);
  }

  #admit(hello: Hello, connection: IntakeConnection): Admission {
    if (this.#draining) {
      return { kind: 'rejected', code: 'shutdown', hint: 'this hub is stopping', retryAfterMs: this.#limits.retryAfterMs };
    }
    const { queue, siteId, hubId, cluster } = this.#options;
    const ofSite = this.#gatekeeper.siteOf(connection.identity);
    const reject = this.#admissions.admit(ofSite, hello, connection);
    if (reject !== undefined) return { kind: 'rejected', ...reject };
    if (cluster !== undefined) announceArrival(cluster, ofSite, hello);
    const welcome = {
      hubId,
      siteId,
      storeId: queue.storeId,
      hubs: cluster?.addresses() ?? [],
      limits: this.#limits.session,
      flushIntervalMsMin: flushIntervalMsMin(this.#limits, this.#connections.size),
      creditBytes: this.#limits.initialCreditBytes,
      capabilities: [],
    };
    return { kind: 'admitted', welcome, origin: { siteId: ofSite, agentId: hello.agentId } };
  }

  #left(connection: IntakeConnection): void {
    this.#connections.delete(connection);
    this.#young.delete(connection);
    const { hello, identity } = connection;
    if (hello !== undefined) {
      this.#admissions.left(this.#gatekeeper.siteOf(identity), hello.agentId, connection);
      this.#options.onLeft?.(connectionStatus(connection));
    }
    const settling = connection.settled().finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
    if (this.#connections.size === 0) this.#noneLeft?.();
  }

  /** The store may have lost what agents of this partition were told that it has (invariant 2). */
  #storeChanged(partition: number | undefined): void {
    const { queue } = this.#options;
    for (const connection of this.#connections) {
      connection.storeChanged(({ agentId }) => partition === undefined || queue.partitionOf(agentId) === partition);
    }
  }

  #sendSomeAway(): void {
    const rebalance = this.#rebalance;
    const nowMs = this.#clock.monotonic();
    if (rebalance === undefined || this.#draining || nowMs - this.#rebalancedMs < rebalanceLimits.everyMs) return;
    this.#rebalancedMs = nowMs;
    const { count, hubs } = rebalance.surplus(this.#options.cluster?.members() ?? [], this.#connections.size);
    let asked = 0;
    for (const connection of this.#connections) {
      if (asked >= count) break;
      const agentId = connection.hello?.agentId;
      if (agentId === undefined || !rebalance.mayAsk(agentId, nowMs)) continue;
      rebalance.asked(agentId, nowMs);
      connection.drain(rotated(hubs, asked), rebalanceLimits.deadlineMs);
      asked += 1;
    }
    if (asked > 0) this.#events.sentAway(asked, hubs);
  }

  #shutdownAll(): void {
    const reject = { code: 'shutdown', hint: 'this hub is stopping', retryAfterMs: 0 } as const;
    for (const connection of this.#connections) connection.shutdown(reject);
  }

  async #tick(signal: AbortSignal): Promise<void> {
    while (await this.#waited(this.#limits.tickMs, signal)) {
      this.#standing.check(this.#connections);
      this.#sendSomeAway();
      for (const connection of this.#young) if (!connection.tick()) this.#young.delete(connection);
      const credits = this.#credits.changed();
      if (credits.size > 0) for (const connection of this.#connections) connection.creditsChanged(credits);
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

function rotated(hubs: readonly string[], by: number): readonly string[] {
  const first = hubs.length === 0 ? 0 : by % hubs.length;
  return [...hubs.slice(first), ...hubs.slice(0, first)];
}

function connectionStatus({ remote, hello, identity, silentMs }: IntakeConnection): ConnectionStatus {
  return {
    remote,
    agentId: hello?.agentId,
    host: hello?.facts['host'],
    identity: identity.kind,
    tenant: tenantOf(identity),
    notAfterMs: identity.kind === 'plain' ? undefined : identity.notAfterMs,
    silentMs,
  };
}
