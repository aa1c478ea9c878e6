import { join } from 'node:path';
import { ProcessLock } from '@tributary/shared/sqlite/process-lock.ts';
import { makeOptionFolder } from '../option-folder.ts';

export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError';
  readonly code = 'FOLDER_LOCKED';
}

/** Two agents never run on one folder. Throws a FolderLockedError at once when another process has it; disposing releases it. */
export function lockFolder(folder: string): Disposable {
  makeOptionFolder('data_dir', folder, 0o700);
  const lock = ProcessLock.take(join(folder, 'lock'));
  if (lock !== undefined) return lock;
  throw new FolderLockedError(`another tributary-agent is using ${folder}: stop it, or give this one another data_dir`);
}
