import { dirname } from 'node:path';
import { isDamaged, isDiskFull, StoreError } from '@tributary/shared/sqlite/open-database.ts';

/** SQLite's own words name neither the file nor what to do; this adds both. What says them already stays as it is. */
export function storeFailure(error: unknown, file: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error) || !('errcode' in error) || isDiskFull(error)) return error;
  if (!isDamaged(error)) return new StoreError('STORE_UNUSABLE', `${file} cannot be used: ${error.message}`, { cause: error });
  return new StoreError('STORE_DAMAGED', `${file} is damaged (${error.message}): ${damagedHint(file)}`, { cause: error });
}

function damagedHint(file: string): string {
  return (
    `restore a backup of ${dirname(file)}, or move ${file} aside, with its -wal and -shm, and start again; ` +
    'agents then send again what they still hold, and objects of the archive stay but are not searched'
  );
}
