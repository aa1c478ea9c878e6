import { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { queueWriter } from '../../workers.ts';
import { type QueueLimits, queueLimits } from '../limits.ts';
import { databaseFile } from './database-file.ts';
import { queueErrorOf, SqliteQueue } from './sqlite-queue.ts';
import type { SiteAndHub } from './store.ts';
import { storeFailure } from './store-failure.ts';
import type { StoreLevels, WriterContract } from './writer-contract.ts';

export interface SqliteQueueOptions {
  /** Made when it is missing: hub.db, hub.lock and the reserve file are put there. */
  readonly folder: string;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly limits?: Partial<QueueLimits>;
  /** Syncs at checkpoints only: a power cut may lose batches that were acked. Only when the configuration says so. */
  readonly relaxed?: boolean;
  /** The site and hub that a store which is made anew is of; drawn without it. */
  readonly known?: SiteAndHub | undefined;
  /** Armed in the writer thread (shared/crash-point.ts). */
  readonly crashPoint?: string | undefined;
  /** The writer thread died: every call under way was rejected, nothing more can be stored, and the hub has to start again. */
  readonly onFailed?: (error: Error) => void;
}

/** Opens the embedded store, or makes it. Rejects with a StoreError's or QueueError's message when it cannot be used. */
export async function openSqliteQueue(options: SqliteQueueOptions): Promise<SqliteQueue> {
  const { folder, log, clock = systemClock, relaxed = false, crashPoint, known } = options;
  const limits = queueLimits(options.limits);
  let queue: SqliteQueue | undefined;
  const calls = new ThreadCalls<WriterContract, StoreLevels>(startWorker(queueWriter), {
    onEvent: (levels) => queue?.levelsChanged(levels),
    onFailed: (cause) => {
      const failure = storeFailure(cause, databaseFile(folder));
      const error = failure instanceof Error ? failure : cause;
      log.error('the queue writer died', { error });
      options.onFailed?.(error);
    },
  });
  try {
    const opened = await calls.call('open', { nowMs: clock.now(), folder, limits, relaxed, crashPoint, known });
    const db = openDatabase(databaseFile(folder), { readOnly: true });
    queue = new SqliteQueue({ calls, opened, db, limits, clock, log });
    return queue;
  } catch (error) {
    await calls[Symbol.asyncDispose]();
    throw queueErrorOf(error);
  }
}
