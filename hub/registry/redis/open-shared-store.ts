/** Opens the copy of this machine and what is behind it: the same in the hub's thread and in a command. */
import { systemClock } from '@tributary/shared/clock.ts';
import type { LogFields, Logger, LogLevel } from '@tributary/shared/log.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { openMasters } from '../../queue/redis/masters/open-masters.ts';
import { openWritingDatabase } from '../sqlite/open-store.ts';
import type { RegistryCall, SharedOptions } from '../sqlite/registry-calls.ts';
import { registryFile } from '../sqlite/registry-file.ts';
import { RegistryStore } from '../sqlite/registry-store.ts';
import { Follower } from './follower.ts';
import { openMsMax, sharedAuditRowsMax, usualLogLimits } from './limits.ts';
import { registryLibrary } from './registry-library.ts';
import { Replica } from './replica.ts';
import { ReplicatedWriter } from './replicated-writer.ts';
import { SiteLog } from './site-log.ts';

export interface SharedStore extends AsyncDisposable {
  group(calls: readonly RegistryCall[]): void;
  /** What waits for Redis fails at once, and so does what comes. */
  giveUp(): void;
}

/** What a thread has to log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface SharedStoreParts {
  readonly folder: string;
  readonly shared: SharedOptions;
  readonly logger: Logger;
  readonly onFailed: (error: Error) => void;
}

/** What the hubs of the site say to each other of the registry. */
const note = 'registry';

/** Resolves once the copy has all that the site has. Rejects with a sentence that says what to do. */
export async function openSharedStore({ folder, shared, logger, onFailed }: SharedStoreParts): Promise<SharedStore> {
  const { redis, durability, mayFound, patience = {} } = shared;
  await using opened = new AsyncDisposableStack();
  const db = openWritingDatabase(folder);
  opened.defer(() => db.close());
  const replica = new Replica(db, new RegistryStore(db, { auditRowsMax: sharedAuditRowsMax }));
  // The queue has the same masters and tells what is to be told of them.
  const silent = createLogger({ level: 'error', sink: () => undefined });
  const clock = systemClock;
  const limits = { ...usualLogLimits, ...shared.limits };
  const masters = await openMasters({
    options: redis,
    logger: silent,
    clock,
    durability,
    libraries: [registryLibrary],
    patience,
  });
  opened.defer(() => masters[Symbol.asyncDispose]());
  const log = new SiteLog(masters, limits);
  const follower = new Follower({ replica, log, clock, logger, file: registryFile(folder), mayFound });
  await follower.catchUp(clock.monotonic() + openMsMax);
  const tell = (): void => masters.publish(note);
  const failed = (error: unknown): void => onFailed(error instanceof Error ? error : new Error(String(error)));
  const close = async (): Promise<void> => await masters[Symbol.asyncDispose]();
  const writer = new ReplicatedWriter({ replica, follower, log, limits, clock, logger, tell, close }, failed);
  masters.subscribe((message) => {
    if (message === note) writer.wake();
  });
  opened.move();
  return {
    group: (calls) => writer.group(calls),
    giveUp: () => masters.giveUp(),
    [Symbol.asyncDispose]: async () => {
      await writer[Symbol.asyncDispose]();
      db.close();
    },
  };
}
