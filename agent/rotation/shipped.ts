import type { FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import type { FileProgress, Sink } from '../inputs/input.ts';
import { fingerprintFits, readHead } from '../inputs/file/identity.ts';

/** The streams that a file is read into. Empty: no input reads it. */
export async function readersOf(sink: Sink, handle: FileHandle, stats: BigIntStats): Promise<readonly FileProgress[]> {
  const found = sink.progressOf({ device: String(stats.dev), inode: String(stats.ino) });
  if (found.length === 0) return [];
  // An inode is used again: what is remembered may be of a file that had it before.
  const head = await readHead(handle);
  const ofThis = found.filter(({ stream }) => fingerprintFits(head, stream.identity));
  const open = ofThis.filter(({ stream }) => !stream.ended);
  return open.length > 0 ? open : ofThis.slice(0, 1);
}

/** Bytes from the file's beginning that the site has of every stream. */
export function ackedBytes(readers: readonly FileProgress[]): number {
  return Math.min(...readers.map(({ stream, ackedTo }) => ackedTo - stream.identity.base));
}
