/**
 * Which hub is next. All hubs of the list are of one site.
 *
 * - `ordered`: the first of the configuration is preferred, the others stand in for it.
 * - `balanced`: every agent has an order of its own, drawn from its id and the hubs' addresses, so that agents spread evenly, each comes
 *   back to the same hub, and a hub that is added or taken away moves only its share.
 *
 * Hubs that a site tells of are tried when those of the configuration fail. A hub that sent this agent away, or took its connection and
 * said no Welcome, is not preferred for a while; where one said to go comes first.
 */
import { createHash } from 'node:crypto';
import { avoidDrainedMs, avoidDrainedMsMax, avoidMuteMsMax, avoidMuteMsMin } from './limits.ts';
import { hubUrl } from './open-socket.ts';

export type HubPolicy = 'ordered' | 'balanced';

export interface HubListOptions {
  readonly hubs: readonly string[];
  readonly policy: HubPolicy;
  readonly agentId: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Whether a hub that the site tells of may be gone to; without it every one. */
  readonly allows?: (hub: string) => boolean;
}

/** One hub that is known. */
export interface KnownHub {
  readonly hub: string;
  /** It could not be had the last time, and nothing was since. */
  readonly failed: boolean;
  /** For so long it is not preferred, as it sent this agent away or said no Welcome; 0: it is as good as any. */
  readonly avoidedMs: number;
}

export class HubList {
  readonly #options: HubListOptions;
  readonly #configured: readonly string[];
  readonly #failed = new Set<string>();
  readonly #avoided = new Map<string, number>();
  /** How long each was avoided last for saying no Welcome. */
  readonly #muteMs = new Map<string, number>();
  /** How long each was avoided last for sending this agent away, and until when another time is one more of the same. */
  readonly #drains = new Map<string, { readonly ms: number; readonly countsUntilMs: number }>();
  #told: readonly string[] = [];
  #named: readonly string[] = [];
  #namedUntilMs = Number.NEGATIVE_INFINITY;

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

  /** All of them, the best first. */
  known(): readonly KnownHub[] {
    const now = this.#options.now();
    return this.#all().map((hub) => {
      return { hub, failed: this.#failed.has(hub), avoidedMs: Math.round((this.#avoided.get(hub) ?? now) - now) };
    });
  }

  /** True when this was the last one of a round. */
  failed(hub: string): boolean {
    this.#failed.add(hub);
    if (this.#all().some((other) => !this.#failed.has(other))) return false;
    this.#failed.clear();
    this.#named = [];
    return true;
  }

  /** There is a connection to `hub`: whatever failed may be tried again. */
  connected(hub: string, told: readonly string[]): void {
    this.#failed.clear();
    this.#muteMs.delete(hub);
    this.#told = this.#ordered(told.filter((other) => this.#isGood(other)));
  }

  /** The hub took a connection and said no Welcome: leaving another for it would cost the same again, so it is tried less and less. */
  mute(hub: string): void {
    if ((this.#avoided.get(hub) ?? 0) > this.#options.now()) return;
    const ms = Math.min(avoidMuteMsMax, 2 * (this.#muteMs.get(hub) ?? avoidMuteMsMin / 2));
    this.#muteMs.set(hub, ms);
    this.#avoided.set(hub, this.#options.now() + ms);
  }

  /** The hub sent this agent away. One that does so soon after it was come back to has too many: it is left alone twice as long. */
  drained(hub: string, named: readonly string[]): void {
    const now = this.#options.now();
    const before = this.#drains.get(hub);
    const isAgain = before !== undefined && now < before.countsUntilMs;
    const ms = isAgain ? Math.min(avoidDrainedMsMax, 2 * before.ms) : avoidDrainedMs;
    this.#drains.set(hub, { ms, countsUntilMs: now + 3 * ms });
    this.#namedUntilMs = now + ms;
    this.#avoided.set(hub, this.#namedUntilMs);
    this.#named = named.filter((other) => this.#isGood(other) && other !== hub);
  }

  #all(): readonly string[] {
    const now = this.#options.now();
    for (const [hub, untilMs] of this.#avoided) if (untilMs <= now) this.#avoided.delete(hub);
    if (this.#namedUntilMs <= now) this.#named = [];
    const known = unlike([...this.#named, ...this.#configured, ...this.#told]);
    return [...known.filter((hub) => !this.#avoided.has(hub)), ...known.filter((hub) => this.#avoided.has(hub))];
  }

  #isGood(hub: string): boolean {
    return URL.canParse(hub) && (this.#options.allows?.(hub) ?? true);
  }

  #ordered(hubs: readonly string[]): readonly string[] {
    const { policy, agentId } = this.#options;
    if (policy === 'ordered') return unlike(hubs);
    const weight = (hub: string): string => createHash('sha256').update(`${agentId} ${hub}`).digest('hex');
    const weights = new Map(unlike(hubs).map((hub) => [hub, weight(hub)]));
    return [...weights.keys()].toSorted((left, right) => ((weights.get(left) ?? '') < (weights.get(right) ?? '') ? -1 : 1));
  }
}

/** Each hub once, however its address is written. */
function unlike(hubs: readonly string[]): readonly string[] {
  const byAddress = new Map<string, string>();
  for (const hub of hubs) byAddress.getOrInsertComputed(hubUrl(hub).href, () => hub);
  return [...byAddress.values()];
}
