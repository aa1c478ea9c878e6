import { pingIntervalMs, pongTimeoutMs } from '../limits.ts';

/**
 * Asks the peer for a sign of life every so often while something is unanswered, and only then: an idle connection costs
 * nothing. A Pong is such a sign; Acks are none, as they may come out of a buffer on the way.
 *
 * On a slow link the Ping waits behind the batches that were sent before it, for longer than a dead peer may go unnoticed. So a peer that
 * gets a long message, or does not read for the moment, says by itself that it is there (`heard`).
 */
export class Keepalive {
  readonly #now: () => number;
  #busySinceMs: number | undefined;
  #lastPingMs = Number.NEGATIVE_INFINITY;
  #heardMs = Number.NEGATIVE_INFINITY;
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

  /** The peer said unasked that it is there. */
  heard(): void {
    this.#heardMs = this.#now();
  }

  get expired(): boolean {
    return this.#unanswered && this.#now() >= this.#expiresMs();
  }

  /** Infinity while there is nothing to watch. */
  nextTickMs(): number {
    return this.#unanswered ? this.#expiresMs() : this.#nextPingMs();
  }

  #expiresMs(): number {
    return Math.max(this.#lastPingMs, this.#heardMs) + pongTimeoutMs;
  }

  #nextPingMs(): number {
    if (this.#busySinceMs === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.#busySinceMs, this.#lastPingMs) + pingIntervalMs;
  }
}
