/**
 * The hubs of one site: who is there, who works on which partitions, and what only one may do at a time. A single hub is a cluster of
 * one (single-cluster.ts); several share a Redis (redis/).
 *
 * Who works where is advice that spreads the work: leases (queue.ts) are what keeps two owners from changing the same thing.
 */
import type { Id } from '@tributary/protocol/messages.ts';

/** `draining` hubs are sent no agents, `work` no longer counts them. */
export type MemberState = 'starting' | 'ready' | 'draining';

export interface HubMember {
  readonly hubId: Id;
  /** Of the machine, for people. */
  readonly host: string;
  /** Where agents reach it, `wss://host:port`; empty of a hub that only works. */
  readonly address: string;
  readonly version: string;
  readonly startedMs: number;
  readonly state: MemberState;
  /** Agents that are connected to it: what a hub with too many compares itself with. */
  readonly connections: number;
  /** It takes partitions. */
  readonly works: boolean;
  /** Leases that it holds, as far as it knows; undefined where nobody told. */
  readonly leases?: number | undefined;
  /** Hash of the pipelines that it has; undefined where nobody told. */
  readonly pipelines?: string | undefined;
  /** How many partitions it is to work on, as it sees the site. */
  readonly partitions?: number | undefined;
  /** Last heartbeat, by the store's clock. */
  readonly beatMs: number;
}

/** What a hub says of itself with its next heartbeat. */
export type OwnState = Pick<HubMember, 'address' | 'state' | 'connections' | 'works' | 'leases' | 'pipelines'>;

/** A later holder of the same lock has a greater one: who writes under a lock has it checked in the same step. */
export type FencingToken = number;

/** What a holder was given: a write that carries it is refused once the lock is over, however long its holder was stopped meanwhile. */
export interface Fence {
  readonly name: string;
  readonly token: FencingToken;
}

export interface HeldLock extends Fence {
  /** Asked of the store, before each step. Never rejects: where the store does not answer, nothing is held. */
  isHeld(): Promise<boolean>;
  /**
   * By the monotonic clock of this process: until then nobody else is given it by the store that gave it, whether that can be reached or not (the
   * next master knows of no lock). For what no fence can guard, right before it is done.
   */
  keptUntilMs(): number;
}

/** Announced: an operator has moved or resumed reader groups, so that there may be something to read where nothing came. */
export const groupsMoved = 'groups-moved';

export interface Cluster extends AsyncDisposable {
  readonly hubId: Id;
  /** Those heard of lately, this one included, in the order of their ids: from memory, a heartbeat old at most. */
  members(): readonly HubMember[];
  /** Addresses where agents can go now: ready hubs, this one first when it is one. */
  addresses(): readonly string[];
  /** Partitions that this hub is to work on now. */
  partitions(): ReadonlySet<number>;
  /** Members or partitions changed. Returns its own removal. */
  onChanged(listener: () => void): () => void;
  /** Told with the next heartbeat, which is sent at once when state, address or work changed. */
  tell(own: Partial<OwnState>): void;
  /** To this hub at once and to the others that can be reached now: best effort, for what is found out more slowly anyway. */
  announce(message: string): void;
  /** What the hubs announce, this one too. Returns its own removal. */
  onAnnounced(listener: (message: string) => void): () => void;
  /**
   * Does `work` whenever this hub holds the lock `name`, again and again until aborted; its signal ends when the lock is lost, and work that
   * finds it lost returns. Only one hub of the site is in it at a time, as far as clocks go: what may be done once only carries the fence.
   */
  underLock(name: string, signal: AbortSignal, work: (lock: HeldLock, signal: AbortSignal) => Promise<void>): Promise<void>;
}
