import type { DatabaseSync } from 'node:sqlite';
import { assert } from '../assert.ts';
import { StoreError } from './open-database.ts';

/** Brings a schema from one version to the next. Runs inside a transaction; a released step is never edited. */
export type MigrationStep = (db: DatabaseSync) => void;

/**
 * Brings the database to the newest schema. Its version is `PRAGMA user_version`: the number of steps done. Each step and its
 * version are one transaction, so a crash leaves the version before or after it. A file written by a newer program is refused:
 * this one would not know what it must keep.
 */
export function migrate(db: DatabaseSync, file: string, steps: readonly MigrationStep[]): void {
  const found = schemaVersion(db);
  if (found > steps.length) {
    throw new StoreError(
      'STORE_TOO_NEW',
      `${file} has schema version ${found}, this program knows up to ${steps.length}: run the newer program, or restore a backup`,
    );
  }
  for (const [index, step] of steps.entries()) {
    if (index < found) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      // Another process may have done it while this one waited.
      if (schemaVersion(db) <= index) {
        step(db);
        db.exec(`PRAGMA user_version=${index + 1}`);
      }
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
  assert(schemaVersion(db) === steps.length, 'every migration step is done');
}

export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}
