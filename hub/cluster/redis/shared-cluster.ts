/**
 * The hubs that share a Redis: a heartbeat tells the others of this one and this one of the others (membership.ts). Its answer comes
 * from the store, whose clock says who is dead; a hub that was stopped for a while therefore learns what it has lost with its first
 * heartbeat, and its leases have fenced it before.
 */
import { randomBytes } from 'node:crypto';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { Wake } from '../../groups/wake.ts';
import type { Masters } from '../../queue/redis/masters/masters.ts';
import type { Cluster, HubMember, OwnState } from '../cluster.ts';
import { beatMs } from './limits.ts';
import { keepLock } from './lock.ts';
import { Membership, type MembershipParts } from './membership.ts';
import type { SiteStore } from './site-store.ts';

export interface SharedClusterParts extends MembershipParts {
  readonly masters: Pick<Masters, 'publish' | 'subscribe'>;
  readonly store: SiteStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Begins what is announced, among all that hubs publish. */
const announced = 'cluster';

export class SharedCluster implements Cluster {
  readonly #parts: SharedClusterParts;
  readonly #membership: Membership;
  readonly #listeners = new Set<() => void>();
  readonly #announced = new Set<(message: string) => void>();
  readonly #wake = new Wake();
  readonly #stop = new AbortController();
  /** Another one after every start: what a process before this one held is not ours. */
  readonly #lockOwner: string;
  #isMissing = false;
  #beating: Promise<void> = Promise.resolve();

  private constructor(parts: SharedClusterParts) {
    this.#parts = parts;
    this.#membership = new Membership(parts);
    this.#lockOwner = `${parts.self.hubId}/${randomBytes(8).toString('hex')}`;
  }

  /** Resolves when this hub is a member. */
  static async join(parts: SharedClusterParts): Promise<SharedCluster> {
    const cluster = new SharedCluster(parts);
    await cluster.#beat();
    cluster.#beating = cluster.#keepBeating(cluster.#stop.signal);
    return cluster;
  }

  get hubId(): Id {
    return this.#membership.hubId;
  }

  members(): readonly HubMember[] {
    return this.#membership.members;
  }

  addresses(): readonly string[] {
    return this.#membership.addresses;
  }

  partitions(): ReadonlySet<number> {
    return this.#membership.partitions;
  }

  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(own: Partial<OwnState>): void {
    if (this.#membership.tell(own)) this.#wake.notify();
  }

  announce(message: string): void {
    for (const listener of this.#announced) listener(message);
    this.#parts.masters.publish(`${announced} ${this.hubId} ${message}`);
  }

  onAnnounced(listener: (message: string) => void): () => void {
    this.#announced.add(listener);
    const own = `${announced} ${this.hubId} `;
    const unsubscribe = this.#parts.masters.subscribe((told) => {
      if (told.startsWith(`${announced} `) && !told.startsWith(own)) listener(told.slice(own.length));
    });
    return () => {
      unsubscribe();
      this.#announced.delete(listener);
    };
  }

  async underLock(name: string, signal: AbortSignal, work: Parameters<Cluster['underLock']>[2]): Promise<void> {
    const { store, clock } = this.#parts;
    await keepLock({ store, clock, name, owner: this.#lockOwner }, signal, work);
  }

  /** The others hear of it at once, as far as the store can be reached. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#beating;
    this.#listeners.clear();
    await this.#parts.store.leave(this.hubId).catch(() => undefined);
  }

  async #keepBeating(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.#wake.wait(clock, signal, beatMs);
      if (signal.aborted) return;
      await this.#beat().catch((error: unknown) => this.#missed(error));
    }
  }

  async #beat(): Promise<void> {
    const { store, clock, logger } = this.#parts;
    // What was said before the question is what the answer is about: a hub that waited long for it is as old as its question.
    const askedAtMs = clock.monotonic();
    const { members } = await store.beat(this.#membership.self);
    if (this.#isMissing) logger.info('the store answers again');
    this.#isMissing = false;
    if (this.#membership.heard(members, askedAtMs)) this.#changed();
  }

  #missed(error: unknown): void {
    const { clock, logger } = this.#parts;
    if (!this.#isMissing) logger.warn('the store does not answer: other hubs may take over what this one works on', { error });
    this.#isMissing = true;
    if (!this.#membership.missed(clock.monotonic())) return;
    logger.warn(
      'the store has not answered for so long that this hub stops working; agents stay connected and keep what they have',
    );
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
