import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from './retry.ts';

/** A flag that one loop sleeps on: what was notified while nobody slept is not lost, and many notifications are one. */
export class Wake {
  #notified = false;
  #resolve: (() => void) | undefined;

  /** Notified, and nobody has waited since. */
  get isNotified(): boolean {
    return this.#notified;
  }

  notify(): void {
    this.#notified = true;
    this.#resolve?.();
  }

  /** Resolves when notified (true), after `timeoutMs`, or when aborted, whichever is first. Never rejects. */
  async wait(clock: Clock, signal: AbortSignal, timeoutMs?: number): Promise<boolean> {
    if (!this.#notified && !signal.aborted) await this.#sleep(clock, signal, timeoutMs);
    const isNotified = this.#notified;
    this.#notified = false;
    return isNotified;
  }

  async #sleep(clock: Clock, signal: AbortSignal, timeoutMs: number | undefined): Promise<void> {
    const timer = new AbortController();
    await new Promise<void>((resolve) => {
      const done = (): void => resolve();
      this.#resolve = done;
      signal.addEventListener('abort', done, { once: true, signal: timer.signal });
      if (timeoutMs !== undefined) void pause(clock, Math.max(0, timeoutMs), timer.signal).finally(done);
    });
    this.#resolve = undefined;
    timer.abort();
  }
}
