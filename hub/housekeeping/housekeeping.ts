/**
 * What is put in order beside the work: leftovers in the archive folder. The queue trims itself, as only its writer knows when
 * there is room to.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { pause } from '../groups/retry.ts';

export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly archive: { sweep(beforeMs: number): Promise<void> };
  readonly cluster: Pick<Cluster, 'underLock'>;
}

/** Late enough for plans that a crash left to have run again: what they find is no leftover. */
const firstSweepMs = 10_000;
const sweepIntervalMs = 3_600_000;
/** What another hub is writing was touched lately. */
const leftoverAgeMs = 3_600_000;

/** Resolves when aborted. One hub of the site does it: all write to the same folder. */
export async function keepHouse(options: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  await options.cluster.underLock('housekeeping', signal, (_lock, inner) => sweepNowAndThen(options, inner));
}

async function sweepNowAndThen({ clock, logger, archive }: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  await pause(clock, firstSweepMs, signal);
  while (!signal.aborted) {
    await archive
      .sweep(clock.now() - leftoverAgeMs)
      .catch((error: unknown) => logger.warn('the archive folder could not be looked over', { error }));
    await pause(clock, sweepIntervalMs, signal);
  }
}
