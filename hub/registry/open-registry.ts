import { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { registryWriter, sharedRegistryWriter } from '../workers.ts';
import { logBytesMax } from './limits.ts';
import { type LogLine, openSharedStore } from './redis/open-shared-store.ts';
import type { Registry } from './registry.ts';
import { DirectCalls } from './sqlite/direct-calls.ts';
import { openStore } from './sqlite/open-store.ts';
import type { RegistryCalls, RegistryContract, SharedOptions } from './sqlite/registry-calls.ts';
import { prepareRegistryFile, registryFailure, registryFile } from './sqlite/registry-file.ts';
import { SqliteRegistry } from './sqlite/sqlite-registry.ts';

export interface OpenRegistryOptions {
  /** `data_dir`: there already. */
  readonly folder: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** True: a thread writes, as in the hub, whose main thread never syncs. False: this one, as in a command. */
  readonly thread: boolean;
  /** Whether a missing one is made. Undefined: unless this hub has certificates, as it had a registry then. */
  readonly create?: boolean | undefined;
  /** Of a site whose hubs share it (`sharedOptions`). */
  readonly shared?: SharedOptions | undefined;
  /** Armed in the writer's thread (shared/crash-point.ts). */
  readonly crashPoint?: string | undefined;
  /** The writer's thread died: every call under way was rejected, nothing more can be stored, and the hub has to start again. */
  readonly onFailed?: (error: Error) => void;
}

/** Rejects with a sentence that names the file and says what to do. */
export async function openRegistry(options: OpenRegistryOptions): Promise<Registry> {
  const { folder, log, clock = systemClock, create, shared } = options;
  // Of a site's copy the site decides whether it may be made anew.
  const file = prepareRegistryFile(folder, { create: create ?? (shared === undefined ? undefined : true) });
  const calls = await answering(options);
  try {
    return new SqliteRegistry({ calls, db: openDatabase(file, { readOnly: true, logBytesMax }), clock, log });
  } catch (error) {
    await calls[Symbol.asyncDispose]();
    throw registryFailure(error, file);
  }
}

function answering(options: OpenRegistryOptions): RegistryCalls | Promise<RegistryCalls> {
  const { folder, shared, log, thread, onFailed } = options;
  if (thread) return startThread(options);
  if (shared === undefined) return answerHere(folder);
  return openSharedStore({ folder, shared, logger: log, onFailed: (error) => onFailed?.(error) }).then(
    (store) =>
      new DirectCalls<RegistryContract>({ group: (calls) => store.group(calls), close: () => store[Symbol.asyncDispose]() }),
  );
}

function answerHere(folder: string): RegistryCalls {
  const store = openStore(folder);
  return new DirectCalls<RegistryContract>({ group: (calls) => store.writer.group(calls), close: () => store[Symbol.dispose]() });
}

async function startThread({ folder, log, shared, crashPoint, onFailed }: OpenRegistryOptions): Promise<RegistryCalls> {
  const calls = new ThreadCalls<RegistryContract, LogLine>(
    startWorker(shared === undefined ? registryWriter : sharedRegistryWriter),
    {
      onEvent: ({ level, message, fields }) => log[level](message, fields),
      onFailed: (cause) => {
        const failure = registryFailure(cause, registryFile(folder));
        const error = failure instanceof Error ? failure : cause;
        log.error('the writer of the registry died', { error });
        onFailed?.(error);
      },
    },
  );
  try {
    await calls.call('open', { folder, crashPoint, shared });
    return calls;
  } catch (error) {
    await calls[Symbol.asyncDispose]();
    throw error;
  }
}
