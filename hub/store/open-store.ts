/** Opens what the configuration names: the embedded store, or the Redis that the hubs of a site share. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { HubOptions } from '../options.ts';
import type { HubStore, StoreAway } from './hub-store.ts';
import { openRedisStore } from './redis-store.ts';
import { openSqliteStore } from './sqlite-store.ts';

export interface OpenStoreParts {
  readonly options: HubOptions;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Only the ids are asked for, by `init`: the configuration need not fit the other hubs' yet. */
  readonly isInit?: boolean;
  /** Armed in the threads that write (shared/crash-point.ts). */
  readonly crashPoint: string | undefined;
  /** It is waited for: called again and again until it is there. */
  readonly onWaiting?: (away: StoreAway) => void;
  /** The store can store nothing more: the hub has to start again. */
  readonly onFailed: (error: Error) => void;
}

/** Rejects with a sentence that says what to do. */
export function openHubStore(parts: OpenStoreParts): Promise<HubStore> {
  const { options, logger } = parts;
  if (options.queue.durability === 'relaxed') {
    logger.warn('queue.durability is relaxed: a power cut may lose batches whose agents were told that they are safe');
  }
  const { redis } = options.queue;
  return redis === undefined ? openSqliteStore(parts) : openRedisStore(parts, redis);
}
