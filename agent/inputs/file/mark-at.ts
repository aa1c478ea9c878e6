import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Mark, SourceIdentity } from '@tributary/protocol/messages.ts';
import { fingerprintFits, isBornAnew, keyOf, keyOfIdentity } from './identity.ts';
import { fingerprintBytesMax } from './limits.ts';
import { parseFileToken, pathsOf } from './token.ts';

/**
 * The mark at a position of a file that still exists, read from the file itself; undefined when it is not there, is another file by
 * now, or is shorter. Blocks: it is for the rare moment in which a site doubts a position.
 */
export function markAt(identity: SourceIdentity, position: number): Mark | undefined {
  if (position === 0) return '';
  const { compression } = parseFileToken(identity.token);
  // To find the place in a compressed file takes more time than a doubt is worth.
  if (compression !== '') return undefined;
  for (const path of pathsOf(identity)) {
    const mark = markInFile(path, identity, position);
    if (mark !== undefined) return mark;
  }
  return undefined;
}

function markInFile(path: string, identity: SourceIdentity, position: number): Mark | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile() || keyOf(stats) !== keyOfIdentity(identity) || isBornAnew(identity, stats)) return undefined;
    if (!fingerprintFits(readAt(file, 0, fingerprintBytesMax), identity)) return undefined;
    const before = Math.min(markedBytes, position);
    const offset = position - identity.base - before;
    if (offset < 0) return undefined;
    const marked = readAt(file, offset, before);
    return marked.length === before ? markOf(marked) : undefined;
  } catch {
    // A file that cannot be read cannot tell its mark; the reader raises the event about it.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readAt(file: number, position: number, length: number): Uint8Array {
  const buffer = new Uint8Array(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, position));
}
