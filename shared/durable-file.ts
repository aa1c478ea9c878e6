/** Small files that are replaced as a whole: written beside, synced, renamed, and the folder synced. A crash leaves the old or the new. */
import { closeSync, fchmodSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Owner } from './as-owner.ts';

/** The message names the file; `code` is the system's, such as ENOSPC or EROFS. */
export class FileWriteError extends Error {
  override readonly name = 'FileWriteError';
  readonly code: string;

  constructor(file: string, cause: unknown) {
    super(`${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  }
}

export interface FileRights {
  /** Exactly this, whatever is masked for files of this process. */
  readonly mode: number;
  readonly owner?: Owner | undefined;
}

/** Throws a FileWriteError. */
export function writeDurably(file: string, text: string, rights: FileRights): void {
  try {
    replace(file, text, rights);
  } catch (error) {
    throw new FileWriteError(file, error);
  }
}

function replace(file: string, text: string, { mode, owner }: FileRights): void {
  const temporary = `${file}.tmp`;
  // One that was left behind may have other rights.
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, 'wx', mode);
  try {
    writeFileSync(handle, text);
    fchmodSync(handle, mode);
    if (owner !== undefined) fchownSync(handle, owner.uid, owner.gid);
    fsyncSync(handle);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
  syncFolder(dirname(file));
}

export function removeDurably(file: string): void {
  rmSync(file, { force: true });
  syncFolder(dirname(file));
}

export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
