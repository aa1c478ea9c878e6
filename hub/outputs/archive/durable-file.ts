/** Files that are whole or not there: written under a temporary name, synced, renamed, and the folder synced. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { temporaryName } from './object-name.ts';

/** Makes a folder with its parents; each new one is synced into its parent. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  // Not recursive: on a file system that takes no folders Node would try for ever.
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another hub of the site has made it meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  syncFolder(parent);
}

export function syncFolder(folder: string): void {
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function temporaryPath(path: string): string {
  return join(dirname(path), temporaryName(basename(path)));
}

/** Writes all of it: a short write is what a nearly full disk gives before the error that says so. */
export function writeAll(file: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(file, bytes, offset);
}

/** SHA-256 in hexadecimal digits; undefined where there is no such file. */
export function checksumOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const hash = createHash('sha256');
  const part = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, 'r');
  try {
    for (let length = readSync(file, part); length > 0; length = readSync(file, part)) hash.update(part.subarray(0, length));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/** Writes a small file under its temporary name, syncs it and renames it. The caller syncs the folder. */
export function writeSmallFile(path: string, text: string): void {
  const temporary = temporaryPath(path);
  const file = openSync(temporary, 'w', 0o640);
  try {
    writeAll(file, Buffer.from(text));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
