/**
 * Slows down who guesses passwords, without shutting out the right person.
 *
 * After a few free tries each further one must wait, twice as long as the last. Tries are counted per address and per account, before
 * the password is looked at, so that many at once gain nothing; what was refused for waiting counts nothing. The wait of an account ends within half
 * a minute, so a stranger who keeps guessing cannot keep its owner out for long; and an address that the owner has signed in from before is counted on its
 * own, untouched by what all others do. All of it is memory, bounded, and forgotten with time or a restart.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { networkOf } from '@tributary/shared/network/network-of.ts';

export interface ThrottleLimits {
  readonly freeTries: number;
  readonly firstWaitMs: number;
  readonly accountWaitMaxMs: number;
  readonly addressWaitMaxMs: number;
  /** Without a try for so long, all is forgiven. */
  readonly forgetMs: number;
  readonly keysMax: number;
}

const usual: ThrottleLimits = {
  freeTries: 5,
  firstWaitMs: 1000,
  accountWaitMaxMs: 30_000,
  addressWaitMaxMs: 15 * 60_000,
  forgetMs: 60 * 60_000,
  keysMax: 20_000,
};

/** Names that are longer are nobody's, and need no room. */
const accountCharactersMax = 200;

interface Tries {
  count: number;
  lastMs: number;
  waitUntilMs: number;
}

export type Try = { readonly kind: 'go'; succeeded(): void } | { readonly kind: 'wait'; readonly retryAfterMs: number };

export class LoginThrottle {
  readonly #clock: Clock;
  readonly #limits: ThrottleLimits;
  readonly #tries = new Map<string, Tries>();
  /** Pairs of account and address that a right password came from. */
  readonly #known = new Set<string>();

  constructor(clock: Clock, limits: Partial<ThrottleLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...usual, ...limits };
  }

  begin(name: string, address: string): Try {
    const { accountWaitMaxMs, addressWaitMaxMs } = this.#limits;
    const account = name.slice(0, accountCharactersMax);
    const network = networkOf(address);
    const pair = JSON.stringify([account, network]);
    const counted = this.#known.has(pair)
      ? [{ key: `pair ${pair}`, waitMaxMs: accountWaitMaxMs }]
      : [
          { key: `account ${account}`, waitMaxMs: accountWaitMaxMs },
          { key: `address ${network}`, waitMaxMs: addressWaitMaxMs },
        ];
    const retryAfterMs = Math.max(...counted.map(({ key }) => this.#waitMs(key)));
    if (retryAfterMs > 0) return { kind: 'wait', retryAfterMs };
    for (const { key, waitMaxMs } of counted) this.#count(key, waitMaxMs);
    return { kind: 'go', succeeded: () => this.#succeeded(pair, counted) };
  }

  #waitMs(key: string): number {
    return (this.#tries.get(key)?.waitUntilMs ?? 0) - this.#clock.monotonic();
  }

  #count(key: string, waitMaxMs: number): void {
    const { freeTries, firstWaitMs, forgetMs, keysMax } = this.#limits;
    const now = this.#clock.monotonic();
    const before = this.#tries.get(key);
    const count = before === undefined || now - before.lastMs > forgetMs ? 1 : before.count + 1;
    const waitMs = count < freeTries ? 0 : Math.min(waitMaxMs, firstWaitMs * 2 ** Math.min(30, count - freeTries));
    // The last touched is the last forgotten when there are too many.
    this.#tries.delete(key);
    this.#tries.set(key, { count, lastMs: now, waitUntilMs: now + waitMs });
    shorten(this.#tries, keysMax);
  }

  /** An address gets only its own try back: else an own account would make guessing at others free. */
  #succeeded(pair: string, counted: readonly { readonly key: string }[]): void {
    for (const { key } of counted) {
      const tries = this.#tries.get(key);
      if (tries === undefined) continue;
      if (key.startsWith('address ') && tries.count > 1) {
        tries.count -= 1;
        tries.waitUntilMs = 0;
      } else this.#tries.delete(key);
    }
    this.#known.delete(pair);
    this.#known.add(pair);
    shorten(this.#known, this.#limits.keysMax);
  }
}

function shorten(kept: Map<string, unknown> | Set<string>, max: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= max) return;
    kept.delete(oldest);
  }
}
