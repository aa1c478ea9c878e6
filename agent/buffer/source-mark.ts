/**
 * Looks at the source of a stream itself: is it still there, and which mark stands at a position? Read synchronously: it is asked
 * a few times in a life, when the site's word and ours differ.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Mark, SourceIdentity } from '@tributary/protocol/messages.ts';

/** The mark at `position`; undefined when the source is gone, is another file now, or is shorter. */
export type SourceMark = (identity: SourceIdentity, position: number) => Mark | undefined;

export const markOfFile: SourceMark = (identity, position) => {
  if (identity.path === '') return undefined;
  let file: number;
  try {
    file = openSync(identity.path, 'r');
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(file, { bigint: true });
    const same = String(stats.dev) === identity.device && String(stats.ino) === identity.inode && stats.isFile();
    const offset = position - identity.base;
    if (!same || stats.size < BigInt(offset)) return undefined;
    const from = Math.max(0, position - markedBytes) - identity.base;
    // Some of the bytes were removed from the file's beginning.
    if (from < 0) return undefined;
    const bytes = new Uint8Array(offset - from);
    const read = bytes.length === 0 ? 0 : readSync(file, bytes, 0, bytes.length, from);
    return read === bytes.length ? markOf(bytes) : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
};
