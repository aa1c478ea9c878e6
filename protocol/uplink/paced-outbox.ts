import type { Outbox } from '../session/outbox.ts';
import { isPlatformChannel } from '../platform/document.ts';
import { socketBytesMax } from './limits.ts';
import type { TokenBucket } from './token-bucket.ts';

/**
 * The outbox as a session sees it: no body is read while the socket is full, so that bodies wait on disk and not in memory, however
 * large the credit is; and none while the rate that is allowed is used up. When the socket took what it had, or there is something
 * left of the rate, the session is told that the outbox grew.
 *
 * Platform events do not wait for the rate: what they take is paid back by the others. So the news of a backlog is not behind it.
 */
export class PacedOutbox {
  readonly outbox: Outbox;
  readonly #socketBytes: () => number;
  readonly #rate: TokenBucket | undefined;
  /** Read by the session and not yet given to the socket. */
  #handedBytes = 0;
  #held = false;

  constructor(outbox: Outbox, socketBytes: () => number, rate: TokenBucket | undefined) {
    this.#rate = rate;
    this.#socketBytes = socketBytes;
    this.outbox = {
      ...outbox,
      mayRead: (batch) => {
        const hasRoom = isPlatformChannel(batch.channel) ? this.#socketHasRoom() : this.hasRoom();
        if (!hasRoom) this.#held = true;
        return hasRoom && outbox.mayRead?.(batch) !== false;
      },
      body: (batchId) => {
        const body = outbox.body(batchId);
        this.#handedBytes += body?.length ?? 0;
        this.#rate?.take(body?.length ?? 0);
        return body;
      },
    };
  }

  hasRoom(): boolean {
    return this.#socketHasRoom() && this.#rateWaitMs() === 0;
  }

  /** In how many milliseconds to look again. Infinity: nothing is held back, or the socket tells when it has room. */
  get retryMs(): number {
    if (!this.#held) return Number.POSITIVE_INFINITY;
    const rateWaitMs = this.#rateWaitMs();
    // Time went on since something was held back: there may be room by now, of which nobody else would tell.
    return rateWaitMs === 0 && !this.#socketHasRoom() ? Number.POSITIVE_INFINITY : rateWaitMs;
  }

  /** Everything handed out is the socket's now. */
  handedOver(): void {
    this.#handedBytes = 0;
  }

  /** True, once, when something was held back and there is room now. */
  takeHeld(): boolean {
    if (!this.#held || !this.hasRoom()) return false;
    this.#held = false;
    return true;
  }

  #rateWaitMs(): number {
    return this.#rate?.waitMs ?? 0;
  }

  #socketHasRoom(): boolean {
    return this.#handedBytes + this.#socketBytes() < socketBytesMax;
  }
}
