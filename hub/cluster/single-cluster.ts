/** A hub that has its store for itself: it is there, works on everything, and holds every lock. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Cluster, HubMember, OwnState } from './cluster.ts';

export interface SingleClusterParts {
  readonly self: Omit<HubMember, keyof OwnState | 'beatMs'>;
  readonly clock: Clock;
  /** How many partitions its queue has. */
  readonly partitions: number;
}

export class SingleCluster implements Cluster {
  readonly hubId: Id;
  readonly #parts: SingleClusterParts;
  readonly #listeners = new Set<() => void>();
  readonly #announced = new Set<(message: string) => void>();
  readonly #all: ReadonlySet<number>;
  #own: OwnState = { address: '', state: 'starting', connections: 0, works: false };

  constructor(parts: SingleClusterParts) {
    this.#parts = parts;
    this.hubId = parts.self.hubId;
    this.#all = new Set(Array.from({ length: parts.partitions }, (_, partition) => partition));
  }

  members(): readonly HubMember[] {
    return [{ ...this.#parts.self, ...this.#own, beatMs: this.#parts.clock.now() }];
  }

  addresses(): readonly string[] {
    const { state, address } = this.#own;
    return state === 'ready' && address !== '' ? [address] : [];
  }

  partitions(): ReadonlySet<number> {
    return this.#own.works ? this.#all : new Set();
  }

  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(own: Partial<OwnState>): void {
    const before = this.#own;
    this.#own = { ...before, ...own };
    const { state, address, works } = this.#own;
    if (state === before.state && address === before.address && works === before.works) return;
    for (const listener of this.#listeners) listener();
  }

  announce(message: string): void {
    for (const listener of this.#announced) listener(message);
  }

  onAnnounced(listener: (message: string) => void): () => void {
    this.#announced.add(listener);
    return () => this.#announced.delete(listener);
  }

  async underLock(name: string, signal: AbortSignal, work: Parameters<Cluster['underLock']>[2]): Promise<void> {
    const lock = { name, token: 1, isHeld: () => Promise.resolve(true), keptUntilMs: () => Infinity };
    while (!signal.aborted) await work(lock, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
  }
}
