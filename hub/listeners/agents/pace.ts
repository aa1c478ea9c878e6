/** Whether who has begun a message goes on with it: so many bytes in each window of time, as long as the message lasts. */
export interface PaceLimits {
  readonly slowBytesMin: number;
  readonly slowWindowMs: number;
}

export interface PaceSample {
  /** Part of a message has come, and we would read more. */
  readonly isUnderWay: boolean;
  readonly bytesRead: number;
  readonly nowMs: number;
}

export class Pace {
  readonly #limits: PaceLimits;
  #window: { readonly sinceMs: number; readonly bytesRead: number } | undefined;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  isTooSlow({ isUnderWay, bytesRead, nowMs }: PaceSample): boolean {
    if (!isUnderWay) {
      this.#window = undefined;
      return false;
    }
    this.#window ??= { sinceMs: nowMs, bytesRead };
    if (nowMs - this.#window.sinceMs < this.#limits.slowWindowMs) return false;
    const came = bytesRead - this.#window.bytesRead;
    this.#window = { sinceMs: nowMs, bytesRead };
    return came < this.#limits.slowBytesMin;
  }
}
