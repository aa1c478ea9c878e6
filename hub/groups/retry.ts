import type { Clock } from '@tributary/shared/clock.ts';

/** Waits that double from the first to the last, until something went well. */
export class Retry {
  readonly #limits: { readonly msMin: number; readonly msMax: number };
  #nextMs: number;

  constructor(limits: { readonly msMin: number; readonly msMax: number }) {
    this.#limits = limits;
    this.#nextMs = limits.msMin;
  }

  /** Attempts since the last success, as waited for so far: what a log line says. */
  get nextMs(): number {
    return this.#nextMs;
  }

  succeeded(): void {
    this.#nextMs = this.#limits.msMin;
  }

  /** Resolves after the wait, or at once when aborted. */
  async wait(clock: Clock, signal: AbortSignal): Promise<void> {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(ms * 2, this.#limits.msMax);
    await pause(clock, ms, signal);
  }
}

/** Sleeps, and takes being aborted for the end of the sleep. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
