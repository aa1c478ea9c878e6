/**
 * Two agents never run on one folder. The lock is that of an empty SQLite file held in an exclusive transaction: the kernel drops
 * it when the process ends, however it ends, and it holds between containers that share the folder.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError';
  readonly code = 'FOLDER_LOCKED';
}

const sqliteBusy = 5;

/** Throws a FolderLockedError at once when another process holds it. Disposing releases it. */
export function lockFolder(folder: string): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!(error instanceof Error) || !('errcode' in error) || error.errcode !== sqliteBusy) throw error;
    throw new FolderLockedError(`another tributary-agent is using ${folder}: stop it, or give this one another data_dir`, {
      cause: error,
    });
  }
  return { [Symbol.dispose]: () => db.close() };
}
