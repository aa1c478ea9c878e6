/**
 * Exponential backoff with full jitter: each wait is drawn evenly between nothing and a bound that doubles, so that a thousand
 * agents whose hub restarts do not come back in step. Randomness is an argument, so that tests see exact waits.
 */
export interface BackoffOptions {
  readonly msMin: number;
  readonly msMax: number;
  /** In `[0, 1)`. */
  readonly random?: () => number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #boundMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#boundMs = options.msMin;
  }

  /** How long to wait before the next try; the bound doubles with each call. */
  next(): number {
    const { msMax, random = Math.random } = this.#options;
    const waitMs = Math.floor(random() * this.#boundMs);
    this.#boundMs = Math.min(this.#boundMs * 2, msMax);
    return waitMs;
  }

  /** It worked: the next trouble begins with a short wait. */
  reset(): void {
    this.#boundMs = this.#options.msMin;
  }
}
