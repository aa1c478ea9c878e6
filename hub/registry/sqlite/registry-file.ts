/**
 * Where the registry is, and how its file comes to be: mode 0600, and of the owner of `data_dir` also when root runs a command
 * there, or the hub could not open it any more (SQLite gives its -wal and -shm the same owner and mode).
 *
 * A registry that is gone is not made anew where certificates are: every agent would be a stranger and nobody could sign in, or
 * who was revoked could come back. An empty file in its place says that this is meant.
 */
import { chmodSync, chownSync, closeSync, existsSync, fsyncSync, lstatSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDamaged, isDiskFull, StoreError } from '@tributary/shared/sqlite/open-database.ts';

export function registryFile(folder: string): string {
  return join(folder, 'registry.db');
}

export interface PrepareOptions {
  /** Undefined: made unless there are certificates of this hub (`pki`). */
  readonly create: boolean | undefined;
}

/** Throws a StoreError. */
export function prepareRegistryFile(folder: string, { create }: PrepareOptions): string {
  const file = registryFile(folder);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (!found.isFile()) throw new StoreError('STORE_UNUSABLE', `${file} is not a file`);
    if ((found.mode & 0o077) !== 0) chmodSync(file, 0o600);
    return file;
  }
  if (!(create ?? !existsSync(join(folder, 'pki')))) throw new StoreError('STORE_UNUSABLE', missing(file));
  const handle = openSync(file, 'ax', 0o600);
  fsyncSync(handle);
  closeSync(handle);
  const owner = statSync(folder);
  if (process.getuid?.() === 0) chownSync(file, owner.uid, owner.gid);
  syncFolder(folder);
  return file;
}

/** SQLite's own words name neither the file nor what to do; this adds both. What says them already stays as it is. */
export function registryFailure(error: unknown, file: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error) || !('errcode' in error) || isDiskFull(error)) return error;
  if (!isDamaged(error)) return new StoreError('STORE_UNUSABLE', `${file} cannot be used: ${error.message}`, { cause: error });
  const hint = `restore a backup of it. ${beginAnew(file)}`;
  return new StoreError('STORE_DAMAGED', `${file} is damaged (${error.message}): ${hint}`, { cause: error });
}

function missing(file: string): string {
  if (!existsSync(join(dirname(file), 'pki'))) return `there is no ${file}: run tributary-hub init, or start the hub once`;
  return `${file} is gone, in which this site's agents, tokens and users are: restore a backup of it. ${beginAnew(file)}`;
}

function beginAnew(file: string): string {
  return (
    `To begin without it, move what is left of ${file} aside, with its -wal and -shm, and put an empty file in its place ` +
    `(install -m 600 /dev/null ${file}): every agent then has to enrol again, and users are made with tributary-hub user add`
  );
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
