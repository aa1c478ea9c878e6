/** Looks again and again at what very many agents make long: so often as it is told to, unless that took too much of a core. */
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../groups/retry.ts';
import { lookShareMax, slowestLookMs } from './limits.ts';

/** Until aborted. */
export async function lookAgain(clock: Clock, everyMs: number, look: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const startMs = clock.monotonic();
    look();
    const tookMs = clock.monotonic() - startMs;
    await pause(clock, Math.max(everyMs, Math.min(tookMs / lookShareMax, slowestLookMs)), signal);
  }
}
