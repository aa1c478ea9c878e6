import type { Clock } from '../clock.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';

export interface SuperviseOptions {
  readonly clock: Clock;
  readonly backoff: BackoffOptions;
  /** Running for so long counts as having worked. */
  readonly healthyAfterMs: number;
  readonly onFailed: (error: unknown, retryInMs: number) => void;
}

/**
 * Runs a long-lived part until the signal is aborted, and starts it again with backoff when it breaks. Resolves when aborted.
 * A part that returns by itself is done: it is not started again.
 */
export async function supervise(
  run: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  options: SuperviseOptions,
): Promise<void> {
  const backoff = new Backoff(options.backoff);
  while (!signal.aborted) {
    const startedMs = options.clock.monotonic();
    try {
      await run(signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (options.clock.monotonic() - startedMs >= options.healthyAfterMs) backoff.reset();
      const retryInMs = backoff.next();
      options.onFailed(error, retryInMs);
      await options.clock.sleep(retryInMs, signal).catch(() => undefined);
    }
  }
}
