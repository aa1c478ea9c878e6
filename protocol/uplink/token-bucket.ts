/** So many bytes a second, in portions of at most a quarter of a second's. What is larger than a portion is paid back by waiting. */
export class TokenBucket {
  readonly #bytesPerMs: number;
  readonly #bytesMax: number;
  readonly #now: () => number;
  #bytes: number;
  #atMs: number;

  /** `now`: monotonic milliseconds. */
  constructor(bytesPerSecond: number, now: () => number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#bytesMax = bytesPerSecond / 4;
    this.#now = now;
    this.#bytes = this.#bytesMax;
    this.#atMs = now();
  }

  /** How long until something may be taken; 0: now. */
  get waitMs(): number {
    this.#refill();
    return this.#bytes > 0 ? 0 : Math.ceil((1 - this.#bytes) / this.#bytesPerMs);
  }

  take(bytes: number): void {
    this.#refill();
    this.#bytes -= bytes;
  }

  #refill(): void {
    const now = this.#now();
    this.#bytes = Math.min(this.#bytesMax, this.#bytes + (now - this.#atMs) * this.#bytesPerMs);
    this.#atMs = now;
  }
}
