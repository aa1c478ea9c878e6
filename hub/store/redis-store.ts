/**
 * The store that the hubs of a site share: queue, members and locks in Redis, the registry copied to each. `data_dir` keeps which site and
 * hub this is, and is locked: two processes with one id would take each other's leases.
 */
import { join } from 'node:path';
import { ProcessLock } from '@tributary/shared/sqlite/process-lock.ts';
import { running } from '../groups/running.ts';
import type { RedisOptions } from '../config/store-options.ts';
import { clusterLibrary } from '../cluster/redis/functions.ts';
import { dayLibrary, SharedDayNotes } from '../cluster/redis/shared-day-notes.ts';
import { SharedCluster } from '../cluster/redis/shared-cluster.ts';
import { SiteStore } from '../cluster/redis/site-store.ts';
import { measurementsLibrary } from '../measurements/store/redis-functions.ts';
import { RedisMeasurementStore } from '../measurements/store/redis-store.ts';
import { queueLibrary } from '../queue/redis/functions/library.ts';
import type { Masters } from '../queue/redis/masters/masters.ts';
import { openMasters } from '../queue/redis/masters/open-masters.ts';
import { openRedisQueue } from '../queue/redis/open-redis-queue.ts';
import type { RedisQueue } from '../queue/redis/redis-queue.ts';
import { openFolderStore } from '../queue/redis/spill/folder-store.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { sharedOptions } from '../registry/redis/shared-options.ts';
import type { Registry } from '../registry/registry.ts';
import type { HubStore } from './hub-store.ts';
import type { OpenStoreParts } from './open-store.ts';
import { keepClaimed } from './keep-claimed.ts';
import { ownMember } from './own-member.ts';
import { queueLimitsOf } from './queue-limits-of.ts';
import { type SettledSite, settleSite } from './settle-site.ts';
import { SiteError } from './site-error.ts';

/** A store that does not answer for so long is away; what is shorter is another master that takes over. */
const awayMs = 5000;
const libraries = [queueLibrary, clusterLibrary, dayLibrary, measurementsLibrary];

export async function openRedisStore(parts: OpenStoreParts, redis: RedisOptions): Promise<HubStore> {
  const { options, logger, clock, onWaiting } = parts;
  await using unlessOpen = new AsyncDisposableStack();
  unlessOpen.use(takeFolder(options.data_dir));
  const { durability } = options.queue;
  // A hub that starts before its Redis waits for it, and says so; what Redis refuses for good ends the start all the same.
  const waiting = parts.isInit === true ? {} : { patience: { openMsMax: Number.POSITIVE_INFINITY }, writes: true };
  const masters = unlessOpen.use(
    await openMasters({ options: redis, logger, clock, durability, libraries, ...waiting, ...(onWaiting && { onWaiting }) }),
  );
  const siteStore = new SiteStore(masters);
  const site = await settleSite(options.data_dir, siteStore);
  let cluster: SharedCluster | undefined;
  const queue = unlessOpen.use(
    await openRedisQueue({
      masters,
      log: logger,
      partitions: redis.partitions,
      mayLackSpill: parts.isInit === true,
      memoryBytesMax: redis.memory,
      ...(redis.spill !== undefined && { spill: await openFolderStore(redis.spill) }),
      clock,
      limits: queueLimitsOf(options),
      ownPartitions: () => cluster?.partitions() ?? [],
    }),
  );
  const self = ownMember(site.hubId, clock.now());
  cluster = unlessOpen.use(
    await SharedCluster.join({ masters, store: siteStore, self, partitions: queue.partitions, clock, logger }),
  );
  const claimed = { queue, store: siteStore, siteId: site.siteId, folder: options.data_dir, clock, onFailed: parts.onFailed };
  unlessOpen.use(
    running(
      (signal) => keepClaimed(claimed, signal),
      (error) => parts.onFailed(asError(error)),
    ),
  );
  return new RedisStore({ parts, masters, queue, cluster, site, owned: unlessOpen.move() });
}

interface RedisStoreParts {
  readonly parts: OpenStoreParts;
  readonly masters: Masters;
  readonly queue: RedisQueue;
  readonly cluster: SharedCluster;
  readonly site: SettledSite;
  readonly owned: AsyncDisposableStack;
}

class RedisStore implements HubStore {
  readonly kind = 'redis';
  readonly quotaNotes: HubStore['quotaNotes'];
  readonly #parts: RedisStoreParts;
  #registry: Registry | undefined;

  constructor(parts: RedisStoreParts) {
    this.#parts = parts;
    this.quotaNotes = new SharedDayNotes(parts.masters, parts.site.hubId, 'quotas');
  }

  get siteId(): string {
    return this.#parts.site.siteId;
  }

  get hubId(): string {
    return this.#parts.site.hubId;
  }

  get queue(): HubStore['queue'] {
    return this.#parts.queue;
  }

  get cluster(): HubStore['cluster'] {
    return this.#parts.cluster;
  }

  get state(): HubStore['state'] {
    const { away } = this;
    const isAway = away !== undefined && this.#parts.parts.clock.now() - away.sinceMs >= awayMs;
    return isAway ? 'away' : this.#parts.queue.state;
  }

  get away(): HubStore['away'] {
    return this.#parts.masters.away();
  }

  giveUp(): void {
    this.#parts.masters.giveUp();
    this.#registry?.giveUp();
  }

  get durability(): HubStore['durability'] {
    return this.#parts.masters.facts();
  }

  get isLost(): boolean {
    return this.#parts.site.isStoreLost;
  }

  problems(): readonly string[] {
    return this.#parts.masters.problems();
  }

  async openRegistry(): ReturnType<HubStore['openRegistry']> {
    const { options, logger: log, crashPoint, onFailed } = this.#parts.parts;
    const shared = sharedOptions(options);
    this.#registry = await openRegistry({ folder: options.data_dir, log, thread: true, shared, crashPoint, onFailed });
    return this.#registry;
  }

  openMeasurements(): RedisMeasurementStore {
    const { masters, queue } = this.#parts;
    return new RedisMeasurementStore({ masters, partitions: queue.partitions, partitionOf: (id) => queue.partitionOf(id) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.owned.disposeAsync();
  }
}

function takeFolder(folder: string): Disposable {
  const lock = ProcessLock.take(join(folder, 'hub.lock'));
  if (lock === undefined) throw new SiteError(`another hub uses data_dir ${folder}: give this one a data_dir of its own`);
  return lock;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
