/** The embedded store: one hub, one file, with a registry beside it. */
import { existsSync } from 'node:fs';
import type { DurabilityPragmas } from '@tributary/shared/sqlite/open-database.ts';
import { SingleCluster } from '../cluster/single-cluster.ts';
import { SqliteMeasurementStore } from '../measurements/store/sqlite-store.ts';
import { databaseFile } from '../queue/sqlite/database-file.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import { openRegistry } from '../registry/open-registry.ts';
import type { DurabilityFact, HubStore, SiteIds } from './hub-store.ts';
import type { OpenStoreParts } from './open-store.ts';
import { ownMember } from './own-member.ts';
import { queueLimitsOf } from './queue-limits-of.ts';
import { SiteError } from './site-error.ts';
import { readSiteFile, siteFilePath, type WrittenSite, writeSiteFile } from './site-file.ts';

export async function openSqliteStore(parts: OpenStoreParts): Promise<HubStore> {
  const { options, logger: log, clock, crashPoint, onFailed } = parts;
  const folder = options.data_dir;
  const written = await readSiteFile(folder);
  const isNew = !existsSync(databaseFile(folder));
  const queue = await openSqliteQueue({
    folder,
    known: written,
    log,
    clock,
    limits: queueLimitsOf(options),
    relaxed: options.queue.durability === 'relaxed',
    crashPoint,
    onFailed,
  });
  const { siteId, hubId, pragmas, partitions } = queue;
  try {
    await settle(folder, { siteId, hubId }, written);
  } catch (error) {
    await queue[Symbol.asyncDispose]();
    throw error;
  }
  const cluster = new SingleCluster({ self: ownMember(hubId, clock.now()), clock, partitions });
  return {
    kind: 'sqlite',
    siteId,
    hubId,
    queue,
    cluster,
    openRegistry: () => openRegistry({ folder, log, thread: true, crashPoint, onFailed }),
    openMeasurements: () => new SqliteMeasurementStore({ folder, logger: log }),
    get state() {
      return queue.state;
    },
    durability: durabilityFacts(pragmas),
    isLost: isNew && written?.store === 'sqlite',
    quotaNotes: undefined,
    problems: () => [],
    away: undefined,
    giveUp: () => undefined,
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
    },
  };
}

/** The file outlives the database; where both are there they say the same. */
async function settle(folder: string, { siteId, hubId }: SiteIds, written: WrittenSite | undefined): Promise<void> {
  if (written !== undefined && (written.siteId !== siteId || written.hubId !== hubId)) {
    throw new SiteError(
      `${databaseFile(folder)} is of hub ${hubId} of site ${siteId}, but ${siteFilePath(folder)} is of hub ${written.hubId} of site ` +
        `${written.siteId}: restore both from one backup, or move the one away that came from elsewhere`,
    );
  }
  if (written?.store !== 'sqlite') await writeSiteFile(folder, { siteId, hubId, store: 'sqlite' });
}

function durabilityFacts({ journalMode, synchronous, pageSize }: DurabilityPragmas): readonly DurabilityFact[] {
  const where = 'hub.db';
  return [
    { where, setting: 'journal_mode', value: journalMode },
    { where, setting: 'synchronous', value: synchronous },
    { where, setting: 'page_size', value: String(pageSize) },
  ];
}
