import { pingIntervalMs, pongTimeoutMs } from '../limits.ts';

/**
 * Asks the peer for a sign of life every so often while something is unanswered, and only then: an idle connection costs
 * nothing. Only a Pong is such a sign; Acks may come out of a buffer on the way.
 */
export class Keepalive {
  readonly #now: () => number;
  #busySinceMs: number | undefined;
  #lastPingMs = Number.NEGATIVE_INFINITY;
  #nonce = 0;
  #unanswered = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  setBusy(busy: boolean): void {
    if (!busy) this.#busySinceMs = undefined;
    else this.#busySinceMs ??= this.#now();
  }

  /** The nonce of a Ping that is due. */
  takeDuePing(): number | undefined {
    if (this.#unanswered || this.#now() < this.#nextPingMs()) return undefined;
    this.#lastPingMs = this.#now();
    this.#unanswered = true;
    this.#nonce += 1;
    return this.#nonce;
  }

  pong(nonce: number): void {
    if (nonce === this.#nonce) this.#unanswered = false;
  }

  get expired(): boolean {
    return this.#unanswered && this.#now() >= this.#lastPingMs + pongTimeoutMs;
  }

  /** Infinity while there is nothing to watch. */
  nextTickMs(): number {
    return this.#unanswered ? this.#lastPingMs + pongTimeoutMs : this.#nextPingMs();
  }

  #nextPingMs(): number {
    if (this.#busySinceMs === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.#busySinceMs, this.#lastPingMs) + pingIntervalMs;
  }
}
