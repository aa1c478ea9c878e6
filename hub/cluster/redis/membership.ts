/**
 * What a hub knows of its site, from the answers to its heartbeats: pure, a time given. While the store cannot be reached it goes on as
 * it was, until its leases are over; then it works on nothing, and its members stay where agents are sent.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { HubMember, OwnState } from '../cluster.ts';
import { aloneAfterMs } from './limits.ts';
import { partitionsOf } from './rendezvous.ts';

export interface MembershipParts {
  readonly self: Omit<HubMember, keyof OwnState | 'beatMs'>;
  readonly partitions: number;
}

export class Membership {
  readonly #parts: MembershipParts;
  #own: OwnState = { address: '', state: 'starting', connections: 0, works: false };
  #members: readonly HubMember[] = [];
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #partitions: ReadonlySet<number> = new Set();

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  get own(): OwnState {
    return this.#own;
  }

  get self(): Omit<HubMember, 'beatMs'> {
    return { ...this.#parts.self, ...this.#own, partitions: this.#partitions.size };
  }

  get hubId(): Id {
    return this.#parts.self.hubId;
  }

  /** This hub as it is now, the others as they said with their last heartbeat. */
  get members(): readonly HubMember[] {
    return this.#members.map((member) =>
      member.hubId === this.hubId ? { ...member, ...this.#own, partitions: this.#partitions.size } : member,
    );
  }

  get addresses(): readonly string[] {
    const ready = this.members.filter(({ state, address }) => state === 'ready' && address !== '');
    const [own, others] = [ready.filter(({ hubId }) => hubId === this.hubId), ready.filter(({ hubId }) => hubId !== this.hubId)];
    return [...new Set([...own, ...others].map(({ address }) => address))];
  }

  get partitions(): ReadonlySet<number> {
    return this.#partitions;
  }

  /** True when the others are to hear of it at once. */
  tell(own: Partial<OwnState>): boolean {
    const before = this.#own;
    this.#own = { ...before, ...own };
    const { state, address, works } = this.#own;
    return state !== before.state || address !== before.address || works !== before.works;
  }

  /** True when members or partitions are others than before. */
  heard(members: readonly HubMember[], monotonicMs: number): boolean {
    const before = this.#outline();
    this.#members = members;
    this.#heardAtMs = monotonicMs;
    const working = members.filter(({ works, state }) => works && state !== 'draining').map(({ hubId }) => hubId);
    this.#partitions = partitionsOf(this.hubId, working, this.#parts.partitions);
    return this.#outline() !== before;
  }

  /** The store did not answer. True when that ends this hub's work. */
  missed(monotonicMs: number): boolean {
    if (monotonicMs - this.#heardAtMs < aloneAfterMs || this.#partitions.size === 0) return false;
    this.#partitions = new Set();
    return true;
  }

  /** All that others act on: connections and heartbeats change all the time. */
  #outline(): string {
    const members = this.#members.map(({ hubId, address, state, works }) => [hubId, address, state, works]);
    return JSON.stringify([members, [...this.#partitions]]);
  }
}
