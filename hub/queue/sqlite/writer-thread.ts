/** The thread that owns the writing connection, so that a sync never stalls a socket. Its first call is `open`. */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { assert } from '@tributary/shared/assert.ts';
import { serveThread } from '@tributary/shared/async/thread-call.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { makeFolder } from '@tributary/shared/make-folder.ts';
import { migrate } from '@tributary/shared/sqlite/migrate.ts';
import { durabilityPragmas, isDiskFull, openDatabase, StoreError } from '@tributary/shared/sqlite/open-database.ts';
import { ProcessLock } from '@tributary/shared/sqlite/process-lock.ts';
import { ReserveFile } from '@tributary/shared/sqlite/reserve-file.ts';
import { logBytesMax } from '../limits.ts';
import { QueueError } from '../queue-error.ts';
import { databaseFile } from './database-file.ts';
import { schemaSteps } from './schema.ts';
import { Space } from './space.ts';
import { storeFailure } from './store-failure.ts';
import { Store, type StoreIds } from './store.ts';
import { Writer } from './writer.ts';
import type { OpenArgument, Opened, StoreLevels, WriterContract } from './writer-contract.ts';

interface OpenStore extends Opened {
  readonly writer: Writer;
  readonly db: DatabaseSync;
  readonly lock: ProcessLock;
}

let opened: OpenStore | undefined;

const server = serveThread<WriterContract, StoreLevels>({
  group: (calls) => {
    const [first, ...rest] = calls;
    if (opened !== undefined) opened.writer.group(calls);
    else if (first?.name === 'open') {
      try {
        opened = open(first.argument);
      } catch (error) {
        first.fail(error);
        return;
      }
      first.reply({ ids: opened.ids, pragmas: opened.pragmas, levels: opened.levels });
      if (rest.length > 0) opened.writer.group(rest);
    }
  },
  end: () => {
    opened?.db.close();
    opened?.lock[Symbol.dispose]();
  },
});

function open(argument: OpenArgument): OpenStore {
  armCrashPoint(argument.crashPoint);
  makeFolder(argument.folder, { mode: 0o700 });
  const lock = takeLock(join(argument.folder, 'hub.lock'));
  if (lock === undefined)
    throw new QueueError('QUEUE_IN_USE', `another hub uses ${argument.folder}: stop it, or choose another data_dir`);
  const reserve = new ReserveFile(join(argument.folder, 'reserve'), argument.limits.reserveBytes);
  try {
    const { db, store, ids } = openWithReserve(argument, reserve);
    const space = new Space({ db, store, reserve, folder: argument.folder });
    const writer = new Writer({ store, space, emit: (levels) => server.emit(levels) });
    return { writer, db, lock, ids, pragmas: durabilityPragmas(db), levels: writer.allLevels() };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

function takeLock(file: string): ProcessLock | undefined {
  try {
    return ProcessLock.take(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('STORE_UNUSABLE', `${file} cannot be used: ${reason}`, { cause });
  }
}

interface StoreAndIds {
  readonly db: DatabaseSync;
  readonly store: Store;
  readonly ids: StoreIds;
}

/** A disk that is full already at the start may need the reserve for opening. */
function openWithReserve(argument: OpenArgument, reserve: ReserveFile): StoreAndIds {
  try {
    return openStore(argument);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    if (!reserve.held) throw new StoreError('STORE_NO_SPACE', noRoomToOpen(argument.folder), { cause: error });
  }
  reserve.giveUp();
  return openStore(argument);
}

function openStore({ nowMs, folder, relaxed, limits, known }: OpenArgument): StoreAndIds {
  const file = databaseFile(folder);
  let db: DatabaseSync | undefined;
  try {
    db = openDatabase(file, { relaxed, logBytesMax: logBytesMax(limits) });
    migrate(db, file, schemaSteps);
    const { journalMode, synchronous } = durabilityPragmas(db);
    assert(journalMode === 'wal' && (relaxed || synchronous === 'full'), 'acks are promised only by a store that syncs');
    const store = new Store(db, limits);
    const ids = store.ids(known);
    // The store has one process at a time, and this one has just begun: nobody works on a lease any more.
    store.transaction(() => {
      store.groups.endLeases();
      store.keys.cameBack(nowMs, limits.keepKeysMs);
    });
    return { db, store, ids };
  } catch (error) {
    db?.close();
    throw storeFailure(error, file);
  }
}

function noRoomToOpen(folder: string): string {
  return `there is not even room to open the database in ${folder}: make room on its disk and start again`;
}
