import type { FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import type { FileProgress, Sink } from '../inputs/input.ts';
import { fingerprintFits, isBornAnew, readHead, verify } from '../inputs/file/identity.ts';

/** The streams that a file is read into, or was. Empty: no input reads it. */
export async function readersOf(sink: Sink, handle: FileHandle, stats: BigIntStats): Promise<readonly FileProgress[]> {
  const found = sink.progressOf({ device: String(stats.dev), inode: String(stats.ino) });
  if (found.length === 0) return [];
  // An inode is used again: what is remembered may be of a file that had it before, and logs begin alike.
  const head = await readHead(handle);
  const ofThis = found.filter(({ stream }) => !isBornAnew(stream.identity, stats) && fingerprintFits(head, stream.identity));
  const open = ofThis.filter(({ stream }) => !stream.ended);
  const ended: FileProgress[] = [];
  for (const progress of ofThis) {
    if (progress.stream.ended && (await verify(handle, progress.stream)) === 'same') ended.push(progress);
  }
  // What was read into a stream that ended is waited for too.
  const waiting = [...open, ...ended.filter(({ stream, ackedTo }) => ackedTo < stream.position)];
  if (waiting.length > 0) return waiting;
  return ended.toSorted((left, right) => right.stream.position - left.stream.position).slice(0, 1);
}

/** Bytes from the file's beginning that the site has of every stream. */
export function ackedBytes(readers: readonly FileProgress[]): number {
  return Math.min(...readers.map(({ stream, ackedTo }) => ackedTo - stream.identity.base));
}
