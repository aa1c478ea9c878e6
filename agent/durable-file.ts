/** Small files that are replaced as a whole: written beside, synced, renamed, and the folder synced. A crash leaves the old or the new. */
import { chownSync, closeSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface FileRights {
  readonly mode: number;
  readonly owner?: Owner | undefined;
}

export function writeDurably(file: string, text: string, { mode, owner }: FileRights): void {
  const temporary = `${file}.tmp`;
  // One that was left behind may have other rights.
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, 'wx', mode);
  try {
    writeFileSync(handle, text);
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

/** Whose the files in `folder` are to be: root that works in another's folder leaves nothing there that the other cannot use. */
export function ownerFor(folder: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats === undefined || stats.uid === 0 ? undefined : { uid: stats.uid, gid: stats.gid };
}

export function giveTo(path: string, owner: Owner | undefined): void {
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
}
