/** Keeps what strangers can cause out of the log and the audit trail when there is too much of it. */
import { type Clock, systemClock } from '@tributary/shared/clock.ts';

export interface SeldomLimits {
  /** The same thing is told again after this. */
  readonly againMs: number;
  /** Different things told within that time. */
  readonly most: number;
}

const usual: SeldomLimits = { againMs: 60_000, most: 60 };

export class Seldom {
  readonly #clock: Clock;
  readonly #limits: SeldomLimits;
  readonly #told = new Set<string>();
  #sinceMs: number;

  constructor(clock: Clock = systemClock, limits: SeldomLimits = usual) {
    this.#clock = clock;
    this.#limits = limits;
    this.#sinceMs = clock.monotonic();
  }

  /** Whether this may be told now. */
  isNews(what: string): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#sinceMs >= this.#limits.againMs) {
      this.#told.clear();
      this.#sinceMs = now;
    }
    if (this.#told.has(what) || this.#told.size >= this.#limits.most) return false;
    this.#told.add(what);
    return true;
  }
}
