/** Opens the writing connection: the same in the hub's thread and in a command. */
import type { DatabaseSync } from 'node:sqlite';
import { assert } from '@tributary/shared/assert.ts';
import { migrate } from '@tributary/shared/sqlite/migrate.ts';
import { checkIntegrity, durabilityPragmas, openDatabase, StoreError } from '@tributary/shared/sqlite/open-database.ts';
import { logBytesMax, pageSize } from '../limits.ts';
import { registryFailure, registryFile } from './registry-file.ts';
import { RegistryStore } from './registry-store.ts';
import { RegistryWriter } from './registry-writer.ts';
import { schemaSteps } from './schema.ts';
import { LocalTable, positionKey } from './tables/local-table.ts';

export interface OpenStore extends Disposable {
  readonly writer: RegistryWriter;
}

/** The file must be there (registry-file.ts). Throws a StoreError. */
export function openStore(folder: string): OpenStore {
  const db = openWritingDatabase(folder);
  if (new LocalTable(db).find(positionKey) === undefined) {
    return { writer: new RegistryWriter(new RegistryStore(db)), [Symbol.dispose]: () => db.close() };
  }
  db.close();
  const file = registryFile(folder);
  throw new StoreError(
    'STORE_UNUSABLE',
    `${file} is a copy of what the hubs of its site share: it is changed only with queue.redis in the configuration. For a site of ` +
      `this hub alone, move it aside, with its -wal and -shm, and put an empty file in its place (install -m 600 /dev/null ${file})`,
  );
}

/** Throws a StoreError. */
export function openWritingDatabase(folder: string): DatabaseSync {
  const file = registryFile(folder);
  let db: DatabaseSync | undefined;
  try {
    db = openDatabase(file, { logBytesMax, pageSize });
    // The file is small, and somebody is let in or locked out by what it says.
    checkIntegrity(db);
    migrate(db, file, schemaSteps);
    const { journalMode, synchronous } = durabilityPragmas(db);
    assert(journalMode === 'wal' && synchronous === 'full', 'what is answered is on disk');
    return db;
  } catch (error) {
    db?.close();
    throw registryFailure(error, file);
  }
}
