/** One rotation of one file, in either mode. */
import type { BigIntStats } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { cutFile } from './cut-file.ts';
import { compressions, rotatedPath } from './naming.ts';
import { createAnew, renameFile } from './rename-file.ts';
import { isSystemError, type Rotated, type RotateOptions, unreadReason } from './rotation.ts';
import { readersOf } from './shipped.ts';

export async function rotateFile(options: RotateOptions): Promise<Rotated> {
  const { path, group } = options;
  // Taking something out of a file needs to write to it.
  await using handle = await open(path, group.mode === 'rename' ? 'r' : 'r+');
  const stats = await handle.stat({ bigint: true });
  if (stats.size === 0n) return { kind: 'waits', reason: '' };
  const stampMs = await freeStampMs(path, options.stampMs);
  if (group.mode === 'rename') return await byRename({ ...options, stampMs }, handle, stats);
  return await cutFile({ ...options, stampMs, handle, stats });
}

/** A rename writes over what has the name: another group, or another program, may have taken it since the folder was looked into. */
async function freeStampMs(path: string, stampMs: number): Promise<number> {
  for (const compression of compressions) {
    if (await isThere(rotatedPath(path, stampMs, compression))) return await freeStampMs(path, stampMs + 1000);
  }
  return stampMs;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return false;
    throw error;
  }
}

async function byRename(
  { path, stampMs, group, parts }: RotateOptions,
  handle: FileHandle,
  stats: BigIntStats,
): Promise<Rotated> {
  const readers = await readersOf(parts.sink, handle, stats);
  // A file that no input has found yet could be renamed to where none finds it.
  if (readers.length === 0 && group.unread === 'wait') return { kind: 'waits', reason: unreadReason };
  const to = rotatedPath(path, stampMs);
  await renameFile(path, to);
  const rotated = { kind: 'rotated', to, bytes: Number(stats.size), method: 'rename' } as const;
  if (group.create === undefined) return rotated;
  try {
    await createAnew(path, stats, group.create);
    return rotated;
  } catch (error) {
    // The writer is told all the same: most make the file themselves, and none may stay in the old one.
    if (!isSystemError(error)) throw error;
    return { ...rotated, trouble: error };
  }
}
