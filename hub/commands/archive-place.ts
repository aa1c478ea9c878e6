/** Where an archive and its index are, and which of its objects a search has to read. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import type { HubOptions } from '../options.ts';
import { manifestIndex } from '../outputs/archive/search/manifest-index.ts';
import { type ArchiveQuery, canMatch } from '../outputs/archive/search/query.ts';
import { type ArchiveSpec, folderArchive } from '../outputs/archive/store/archive-spec.ts';
import { openStore } from '../outputs/archive/store/open-store.ts';
import { placeOf } from '../outputs/archive/store/store-spec.ts';
import { OutputError } from '../outputs/output.ts';
import type { ArchiveObject } from '../queue/queue.ts';
import { archiveObjects } from '../queue/sqlite/archive-objects.ts';
import { databaseFile } from '../queue/sqlite/database-file.ts';
import { storeFailure } from '../queue/sqlite/store-failure.ts';
import { type CommandHost, UsageError } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';

export interface ArchivePlace {
  readonly dataDir: string;
  readonly archive: ArchiveSpec;
  /** Of a hub that shares its store with others. */
  readonly shared: HubOptions | undefined;
}

export interface FoundObjects {
  readonly objects: readonly ArchiveObject[];
  /** Objects that cannot match: only counted. */
  readonly leftOut: number;
}

/** A search waits so long for a Redis that does not answer. */
const patience = { openMsMax: 3000, callWaitMsMax: 3000, silenceMsMax: 3000 };

/** A data folder that is given needs no configuration, and its archive is beside it. */
export async function archivePlace(
  options: ConfigRequest & { readonly dataDir?: string | undefined },
  host: CommandHost,
): Promise<ArchivePlace> {
  const { dataDir } = options;
  if (dataDir !== undefined) return { dataDir, archive: folderArchive(join(dataDir, 'archive')), shared: undefined };
  const [{ loadConfig }, { archiveOutputOf }, { archiveSpecOf }] = await Promise.all([
    import('./load-config.ts'),
    import('../options.ts'),
    import('../outputs/archive/archive-settings.ts'),
  ]);
  const config = loadConfig(options, host);
  const shared = config.queue.redis === undefined ? undefined : config;
  try {
    const archive = archiveSpecOf(archiveOutputOf(config) ?? {}, config.data_dir);
    return { dataDir: config.data_dir, archive, shared };
  } catch (error) {
    if (error instanceof OutputError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Rejects with a sentence when there is no index that could be read. */
export async function objectsFor(place: ArchivePlace, query: ArchiveQuery, host: CommandHost): Promise<FoundObjects> {
  if (place.shared === undefined) return { objects: ownIndex(place.dataDir), leftOut: 0 };
  try {
    return await sharedIndex(place.shared, query);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    host.err(
      `tributary-hub: Redis cannot be asked for the index (${reason}): the search goes by the manifests in ${placeOf(place.archive.store)} instead, ` +
        'and may find what is being archived just now or not\n',
    );
    await using store = openStore(place.archive.store);
    return await matching(manifestIndex(store, query), query);
  }
}

function ownIndex(dataDir: string): readonly ArchiveObject[] {
  const file = databaseFile(dataDir);
  if (!existsSync(file)) throw new UsageError(`there is no index at ${file}: give --config or --data-dir of a hub that has run`);
  try {
    const db = openDatabase(file, { readOnly: true });
    try {
      return archiveObjects(db);
    } finally {
      db.close();
    }
  } catch (error) {
    throw storeFailure(error, file);
  }
}

async function sharedIndex({ queue: { redis, durability } }: HubOptions, query: ArchiveQuery): Promise<FoundObjects> {
  if (redis === undefined) return { objects: [], leftOut: 0 };
  const [{ openMasters }, { archiveIndex }] = await Promise.all([
    import('../queue/redis/masters/open-masters.ts'),
    import('../queue/redis/archive-index.ts'),
  ]);
  const logger = createLogger({ level: 'error', sink: () => undefined });
  await using masters = await openMasters({ options: redis, logger, clock: systemClock, durability, libraries: [], patience });
  return await matching(archiveIndex(masters, redis.partitions), query);
}

/** Only what can match is kept: an index may be far larger. */
async function matching(rows: AsyncIterable<ArchiveObject>, query: ArchiveQuery): Promise<FoundObjects> {
  const objects: ArchiveObject[] = [];
  let leftOut = 0;
  for await (const row of rows) {
    if (canMatch(row, query)) objects.push(row);
    else leftOut += 1;
  }
  return { objects, leftOut };
}
