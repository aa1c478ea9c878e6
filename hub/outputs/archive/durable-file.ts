/** Files that are whole or not there: written under a temporary name, synced, renamed, and the folder synced. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { temporaryName } from './object-name.ts';

/** Makes a folder with its parents; each new one is synced into its parent. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  // Not recursive: on a file system that takes no folders Node would try for ever.
  mkdirSync(folder);
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
