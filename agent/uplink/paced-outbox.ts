import type { Outbox } from '@tributary/protocol/session/outbox.ts';
import { socketBytesMax } from './limits.ts';

/**
 * The outbox as a session sees it: no body is read while the socket is full, so that bodies wait on disk and not in memory, however
 * large the credit is. When the socket took what it had, the session is told that the outbox grew.
 */
export class PacedOutbox {
  readonly outbox: Outbox;
  readonly #socketBytes: () => number;
  /** Read by the session and not yet given to the socket. */
  #handedBytes = 0;
  #held = false;

  constructor(outbox: Outbox, socketBytes: () => number) {
    this.#socketBytes = socketBytes;
    this.outbox = {
      ...outbox,
      mayRead: () => {
        const hasRoom = this.hasRoom();
        if (!hasRoom) this.#held = true;
        return hasRoom;
      },
      body: (batchId) => {
        const body = outbox.body(batchId);
        this.#handedBytes += body?.length ?? 0;
        return body;
      },
    };
  }

  hasRoom(): boolean {
    return this.#handedBytes + this.#socketBytes() < socketBytesMax;
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
}
