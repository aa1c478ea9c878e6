/**
 * Whether a peer is still there. A peer that has nothing to say is asked by a ping of WebSocket's own, which its program answers and not
 * its kernel: a machine without power, a network that swallows everything and a program that hangs leave their connection open.
 *
 *     here ── nothing came for `askAfterMs`: asked ──► silent ── any byte ──► here
 *
 * What counts is looks and not time: who did not look, as it hung itself, has missed nothing.
 */
export interface SignOfLifeSample {
  readonly bytesRead: number;
  /** We do not read for the moment, and so hear no answer. */
  readonly isPaused: boolean;
  readonly askAfterMs: number;
}

/** So many looks after the question the answer of a peer that is there has come. */
const answerLooks = 2;

export class SignOfLife {
  readonly #lookMs: number;
  #bytesRead = 0;
  #quietMs = 0;
  /** For how long it has been asked. */
  #askedMs: number | undefined;

  constructor(lookMs: number) {
    this.#lookMs = lookMs;
  }

  /** For how long nothing came, once it has had the time to answer; 0: it is here, as far as is known. */
  get silentMs(): number {
    return this.unansweredMs >= answerLooks * this.#lookMs ? this.#quietMs : 0;
  }

  /** For how long the question has no answer. */
  get unansweredMs(): number {
    return this.#askedMs ?? 0;
  }

  /** To be called every `lookMs`. True: it is to be asked now. */
  look({ bytesRead, isPaused, askAfterMs }: SignOfLifeSample): boolean {
    if (isPaused || bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead;
      this.#quietMs = 0;
      this.#askedMs = undefined;
      return false;
    }
    this.#quietMs += this.#lookMs;
    if (this.#askedMs !== undefined) this.#askedMs += this.#lookMs;
    else if (this.#quietMs >= askAfterMs) {
      this.#askedMs = 0;
      return true;
    }
    return false;
  }
}

/** How long each of so many peers may say nothing before it is asked, so that `asksPerSecondMax` are asked in a second at most. */
export function restOf(
  peers: number,
  { askAfterMsMin, asksPerSecondMax }: { readonly askAfterMsMin: number; readonly asksPerSecondMax: number },
): number {
  return Math.max(askAfterMsMin, (peers / asksPerSecondMax) * 1000);
}
