import { constants, accessSync, chmodSync, mkdirSync, statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A folder that cannot be had; the message names the place where it fails. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
  readonly code = 'FOLDER';
}

export interface MakeFolderOptions {
  /** Of the folders that are made: exactly this, whatever is masked for files of this process. */
  readonly mode: number;
}

/**
 * Makes a folder with those above it that are missing, and checks that files can be made in it. Not by Node's recursive mkdir: that
 * tries without end where a file system answers that the new folder's parent is missing although it is there, as /proc does.
 */
export function makeFolder(folder: string, options: MakeFolderOptions): void {
  const missing: string[] = [];
  let place = resolve(folder);
  let found = lookAt(place);
  while (found === undefined) {
    missing.push(place);
    place = dirname(place);
    found = lookAt(place);
  }
  if (!found.isDirectory()) throw new FolderError(`${place} is not a folder`);
  for (const path of missing.toReversed()) makeOne(path, options.mode);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new FolderError(`${folder} may not be written by this user`, { cause });
  }
}

/** Somebody else may have made it meanwhile: that is as good. */
function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
    chmodSync(path, mode);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const parent = dirname(path);
    if (code === 'ENOENT') throw new FolderError(`no folder can be made in ${parent}`, { cause });
    if (code === 'EACCES' || code === 'EPERM') throw new FolderError(`${parent} may not be written by this user`, { cause });
    throw new FolderError(`${path} cannot be made: ${messageOf(cause)}`, { cause });
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    // A file is in the way further up: going up finds it.
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
    throw new FolderError(`${path} cannot be looked at: ${messageOf(cause)}`, { cause });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
