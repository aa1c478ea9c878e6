/**
 * Which site this hub is of, between what its data folder says and what the store says.
 *
 * | data folder | store  |                                                                                                         |
 * | ----------- | ------ | ------------------------------------------------------------------------------------------------------- |
 * | nothing     | empty  | a new site: this hub draws its id                                                                       |
 * | nothing     | a site | a new hub of that site                                                                                  |
 * | a site      | same   | as ever                                                                                                 |
 * | a site      | empty  | the store was lost or emptied: it becomes this site's again, as agents' and archives' names hold its id |
 * | a site      | other  | refused: two sites would be mixed for good                                                              |
 *
 * A hub that was alone knows its site by its file or its database (embedded-ids.ts), and comes to a store that is new to it, not a lost one.
 *
 * The file is written before anything else uses the ids: a crash in between makes another new hub at most.
 */
import { randomBytes } from 'node:crypto';
import type { Id } from '@tributary/protocol/messages.ts';
import { embeddedIds } from './embedded-ids.ts';
import type { SiteIds } from './hub-store.ts';
import { SiteError } from './site-error.ts';
import { readSiteFile, writeSiteFile } from './site-file.ts';

export interface SiteClaim {
  /** The site that the store is of: the one proposed where it was of none. */
  claim(siteId: Id): Promise<{ readonly siteId: Id; readonly isNew: boolean }>;
}

export interface SettledSite extends SiteIds {
  /** The store knew nothing of a site that this hub knows. */
  readonly isStoreLost: boolean;
}

export async function settleSite(folder: string, store: SiteClaim, drawId: () => Id = randomId): Promise<SettledSite> {
  const written = await readSiteFile(folder);
  const known = written ?? embeddedIds(folder);
  const { siteId, isNew } = await store.claim(known?.siteId ?? drawId());
  const refusal = refuseOtherSite(folder, { claimed: siteId, known: known?.siteId ?? siteId });
  if (refusal !== undefined) throw refusal;
  const ids = { siteId, hubId: known?.hubId ?? drawId() };
  const wasHere = written?.store === 'redis';
  if (!wasHere) await writeSiteFile(folder, { ...ids, store: 'redis' });
  return { ...ids, isStoreLost: wasHere && isNew };
}

/** Undefined where the store is of the site that the folder is of. */
export function refuseOtherSite(folder: string, { claimed, known }: { claimed: Id; known: Id }): SiteError | undefined {
  if (claimed === known) return undefined;
  return new SiteError(
    `the Redis of queue.redis belongs to site ${claimed}, but ${folder} says that this hub is of site ${known}: ` +
      'give this hub the Redis or the queue.redis.prefix of its own site, or a new data_dir',
  );
}

function randomId(): Id {
  return randomBytes(16).toString('hex');
}
