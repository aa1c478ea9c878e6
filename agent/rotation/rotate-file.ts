/** One rotation of one file, in either mode. */
import type { BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { cutFile } from './cut-file.ts';
import { rotatedPath } from './naming.ts';
import { renameFile } from './rename-file.ts';
import { type Rotated, type RotateOptions, unreadReason } from './rotation.ts';
import { readersOf } from './shipped.ts';

export async function rotateFile(options: RotateOptions): Promise<Rotated> {
  const { path, group } = options;
  // Taking something out of a file needs to write to it.
  await using handle = await open(path, group.mode === 'rename' ? 'r' : 'r+');
  const stats = await handle.stat({ bigint: true });
  if (stats.size === 0n) return { kind: 'waits', reason: '' };
  return group.mode === 'rename' ? await byRename(options, handle, stats) : await cutFile({ ...options, handle, stats });
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
  await renameFile(path, to, { stats, create: group.create });
  return { kind: 'rotated', to, bytes: Number(stats.size), method: 'rename' };
}
