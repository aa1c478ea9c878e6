/**
 * A hub that stops lets its steps under way end. While its store is away they cannot, each for as long as it is patient: after a moment they
 * are given up, which is as safe as a kill.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { pause } from '../groups/retry.ts';
import type { HubStore } from './hub-store.ts';

export interface GiveUpParts {
  readonly store: Pick<HubStore, 'away' | 'giveUp'> & { readonly queue: Pick<HubStore['queue'], 'leasesHeld'> };
  /** Agents that were connected. */
  readonly connections: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is away for less, as the hub is told to stop, may be there again at once. */
export const stopPatienceMs = 2000;
const lookMs = 100;

/** Called as the hub begins to stop. Resolves when the store was given up, or when aborted. */
export async function giveUpStore(parts: GiveUpParts, stopped: AbortSignal): Promise<void> {
  const { store, clock } = parts;
  await pause(clock, stopPatienceMs, stopped);
  while (!stopped.aborted) {
    const { away } = store;
    if (away !== undefined && clock.now() - away.sinceMs >= stopPatienceMs) {
      tell(parts, away.why, away.sinceMs);
      store.giveUp();
      return;
    }
    await pause(clock, lookMs, stopped);
  }
}

function tell({ store, connections, logger }: GiveUpParts, why: string, sinceMs: number): void {
  const { leasesHeld = 0 } = store.queue;
  const undone = [
    ...(connections > 0 ? [`what ${connections} connected agents sent and was not acked: they keep it and send it again`] : []),
    ...(leasesHeld > 0 ? [`${leasesHeld} leases: they end by themselves within seconds`] : []),
    'its note in the audit trail that it stopped',
  ];
  logger.warn('the store is away, so this hub stops without it and leaves undone what needs it; nothing is lost', {
    why,
    since: new Date(Math.round(sinceMs)).toISOString(),
    undone: undone.join('; '),
  });
}
