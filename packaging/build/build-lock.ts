import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const waitMs = 10 * 60_000;

/**
 * Keeps two builds out of one output folder: the second waits, and then mostly finds everything done. The lock is SQLite's, so the
 * system gives it back however the process ends.
 */
export function lockFolder(folder: string): Disposable {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, '.lock'), { timeout: waitMs });
  database.exec('BEGIN EXCLUSIVE');
  return { [Symbol.dispose]: () => database.close() };
}
