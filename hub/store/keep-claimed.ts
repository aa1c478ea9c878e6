/**
 * A store that is emptied while hubs of a site run is theirs again at once, before a hub of another site comes and takes it for its own, and so
 * that none of theirs finds it empty with its next start and tells once more that it was lost.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { Wake } from '../groups/wake.ts';
import type { Queue } from '../queue/queue.ts';
import { refuseOtherSite, type SiteClaim } from './settle-site.ts';
import type { SiteError } from './site-error.ts';

export interface KeepClaimedParts {
  readonly queue: Pick<Queue, 'onStoreChanged'>;
  readonly store: SiteClaim;
  readonly siteId: Id;
  /** `data_dir`, for sentences. */
  readonly folder: string;
  readonly clock: Clock;
  /** The store is another site's: nothing more may go there. */
  readonly onFailed: (error: SiteError) => void;
}

/** It is looked also when nobody said that anything changed; and again so soon when it could not be asked. */
const lookMs = 60_000;
const againMs = 1000;

/** Until aborted. */
export async function keepClaimed(parts: KeepClaimedParts, signal: AbortSignal): Promise<void> {
  const { queue, clock } = parts;
  const wake = new Wake();
  const remove = queue.onStoreChanged(() => wake.notify());
  try {
    for (let waitMs = lookMs; !signal.aborted;) {
      await wake.wait(clock, signal, waitMs);
      if (!signal.aborted)
        waitMs = await claimAgain(parts).then(
          () => lookMs,
          () => againMs,
        );
    }
  } finally {
    remove();
  }
}

async function claimAgain({ store, siteId, folder, onFailed }: KeepClaimedParts): Promise<void> {
  const claimed = await store.claim(siteId);
  const refusal = refuseOtherSite(folder, { claimed: claimed.siteId, known: siteId });
  if (refusal !== undefined) onFailed(refusal);
}
