import type { Clock } from '@tributary/shared/clock.ts';

/** A sleep that can be ended early. */
export class Alarm {
  readonly #clock: Clock;
  #current: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms` or when rung; rejects when the signal is aborted. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const current = new AbortController();
    this.#current = current;
    try {
      await this.#clock.sleep(ms, AbortSignal.any([signal, current.signal]));
    } catch (error) {
      if (signal.aborted || !current.signal.aborted) throw error;
    } finally {
      this.#current = undefined;
    }
  }

  ring(): void {
    this.#current?.abort();
  }
}
