/**
 * Opens listeners that need nothing of each other: one that cannot be had (its port is taken, its address is not there yet) is told of
 * once and tried again, with growing waits; the others go on.
 */
import { Backoff } from '@tributary/shared/async/backoff.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { InputEvents } from '../input.ts';
import { reopenBackoff } from './limits.ts';

export interface Opened {
  stop(): Promise<void>;
}

export interface Opener {
  /** What a trouble is told under. */
  readonly path: string;
  /** Rejects when it cannot be had; then nothing of it is open. */
  open(): Promise<Opened>;
}

export interface OpenEachOptions {
  readonly openers: readonly Opener[];
  readonly onOpened: (opened: Opened) => void;
  readonly events: Pick<InputEvents, 'sourceFailed' | 'sourceRecovered'>;
  readonly clock: Clock;
}

/** Resolves when all are open or the signal is aborted. */
export async function openEach({ openers, onOpened, events, clock }: OpenEachOptions, signal: AbortSignal): Promise<void> {
  const backoff = new Backoff(reopenBackoff);
  const missing = new Set(openers);
  const told = new Set<Opener>();
  while (missing.size > 0 && !signal.aborted) {
    for (const opener of missing) {
      try {
        onOpened(await opener.open());
        missing.delete(opener);
        if (told.has(opener)) events.sourceRecovered(opener.path);
      } catch (error) {
        if (!told.has(opener)) events.sourceFailed(opener.path, error instanceof Error ? error : new Error(String(error)));
        told.add(opener);
      }
      if (signal.aborted) return;
    }
    if (missing.size > 0) await clock.sleep(backoff.next(), signal).catch(() => undefined);
  }
}
