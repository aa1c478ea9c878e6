/**
 * Which hub is next. All hubs of the list are of one site.
 *
 * - `ordered`: the first of the configuration is preferred, the others stand in for it.
 * - `balanced`: every agent has an order of its own, drawn from its id and the hubs' addresses, so that agents spread evenly, each comes
 *   back to the same hub, and a hub that is added or taken away moves only its share.
 *
 * Hubs that a site tells of are tried when those of the configuration fail. A hub that sent this agent away is not preferred for a
 * while; where it said to go comes first.
 */
import { createHash } from 'node:crypto';
import { avoidDrainedMs } from './limits.ts';

export type HubPolicy = 'ordered' | 'balanced';

export interface HubListOptions {
  readonly hubs: readonly string[];
  readonly policy: HubPolicy;
  readonly agentId: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export class HubList {
  readonly #options: HubListOptions;
  readonly #configured: readonly string[];
  readonly #failed = new Set<string>();
  readonly #avoided = new Map<string, number>();
  #told: readonly string[] = [];
  #named: readonly string[] = [];

  constructor(options: HubListOptions) {
    this.#options = options;
    this.#configured = this.#ordered(options.hubs);
  }

  /** The best first; those that failed since the last success only when all did. */
  candidates(): readonly string[] {
    const all = this.#all();
    const left = all.filter((hub) => !this.#failed.has(hub));
    return left.length > 0 ? left : all;
  }

  /** The hub that is gone back to when it can be reached. */
  get preferred(): string {
    return this.#all()[0] ?? '';
  }

  /** True when this was the last one of a round. */
  failed(hub: string): boolean {
    this.#failed.add(hub);
    if (this.#all().some((other) => !this.#failed.has(other))) return false;
    this.#failed.clear();
    this.#named = [];
    return true;
  }

  /** There is a connection: whatever failed may be tried again. */
  connected(told: readonly string[]): void {
    this.#failed.clear();
    this.#told = this.#ordered(told.filter((hub) => URL.canParse(hub) && !this.#configured.includes(hub)));
  }

  /** The hub sent this agent away. */
  drained(hub: string, named: readonly string[]): void {
    this.#avoided.set(hub, this.#options.now() + avoidDrainedMs);
    this.#named = named.filter((other) => URL.canParse(other) && other !== hub);
  }

  #all(): readonly string[] {
    const now = this.#options.now();
    for (const [hub, untilMs] of this.#avoided) if (untilMs <= now) this.#avoided.delete(hub);
    if (this.#avoided.size === 0) this.#named = [];
    const known = [...new Set([...this.#named, ...this.#configured, ...this.#told])];
    return [...known.filter((hub) => !this.#avoided.has(hub)), ...known.filter((hub) => this.#avoided.has(hub))];
  }

  #ordered(hubs: readonly string[]): readonly string[] {
    const { policy, agentId } = this.#options;
    if (policy === 'ordered') return [...new Set(hubs)];
    const weight = (hub: string): string => createHash('sha256').update(`${agentId} ${hub}`).digest('hex');
    const weights = new Map(hubs.map((hub) => [hub, weight(hub)]));
    return [...weights.keys()].toSorted((left, right) => ((weights.get(left) ?? '') < (weights.get(right) ?? '') ? -1 : 1));
  }
}
