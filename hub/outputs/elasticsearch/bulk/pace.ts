/**
 * How much a server is given at once: bytes of a request, and requests under way. Grows by a little while it answers soon, and shrinks by much
 * when it refuses or becomes slow (additive increase, multiplicative decrease).
 */
import { assert } from '@tributary/shared/assert.ts';
import { bulkBytesMin, slowMs } from '../limits.ts';

export interface PaceRules {
  readonly bulkBytes: number;
  readonly concurrency: number;
}

export class Pace {
  readonly #rules: PaceRules;
  #bytes: number;
  #requests: number;
  /** No request of more bytes than this is taken, as the server or something before it has said. */
  #bytesMax: number;

  constructor(rules: PaceRules) {
    this.#rules = rules;
    this.#bytes = rules.bulkBytes;
    this.#bytesMax = rules.bulkBytes;
    this.#requests = rules.concurrency;
  }

  /** Of the next request. */
  get bytes(): number {
    return Math.floor(this.#bytes);
  }

  /** Under way at once. */
  get requests(): number {
    return Math.floor(this.#requests);
  }

  answered(latencyMs: number): void {
    if (latencyMs > slowMs) return this.#shrink(0.8);
    this.#requests = Math.min(this.#rules.concurrency, this.#requests + 1 / this.requests);
    this.#bytes = Math.min(this.#bytesMax, this.#bytes + this.#rules.bulkBytes / 32);
  }

  /** The server is busy, or did not answer. */
  refused(): void {
    this.#shrink(0.5);
  }

  /** A request of so many bytes is too large. */
  tooLarge(bytes: number): void {
    assert(bytes > 0, 'a request has something in it');
    this.#bytesMax = Math.max(bulkBytesMin, Math.min(this.#bytesMax, Math.floor(bytes / 2)));
    this.#bytes = Math.min(this.#bytes, this.#bytesMax);
  }

  /** Fewer requests first, as what is in one costs least in a large one. */
  #shrink(factor: number): void {
    if (this.#requests > 1) this.#requests = Math.max(1, this.#requests * factor);
    else this.#bytes = Math.max(Math.min(bulkBytesMin, this.#bytesMax), this.#bytes * factor);
  }
}
