import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const patienceMs = 10 * 60_000;

/**
 * Keeps two builds out of one output folder: the second waits, and then mostly finds everything done. The lock is SQLite's, so the
 * system gives it back however the process ends.
 */
export function lockFolder(folder: string, waitMs: number = patienceMs): Disposable {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, '.lock'), { timeout: waitMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new Error(`another build holds ${folder} since more than ${waitMs / 1000} s`, { cause: error });
  }
  return { [Symbol.dispose]: () => database.close() };
}
