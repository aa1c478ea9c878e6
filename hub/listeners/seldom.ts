/** Keeps what strangers can cause out of the log and the audit trail when there is too much of it. */
import { type Clock, systemClock } from '@tributary/shared/clock.ts';

export interface SeldomLimits {
  /** The same thing is told again after this. */
  readonly againMs: number;
  /** Different things told within that time. */
  readonly most: number;
  /** How often the same thing is told within that time; once unless given. */
  readonly times?: number;
}

const usual: SeldomLimits = { againMs: 60_000, most: 60 };

export class Seldom {
  readonly #clock: Clock;
  readonly #limits: SeldomLimits;
  readonly #told = new Map<string, number>();
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
    const { most, times = 1 } = this.#limits;
    const told = this.#told.get(what) ?? 0;
    if (told >= times || (told === 0 && this.#told.size >= most)) return false;
    this.#told.set(what, told + 1);
    return true;
  }
}
