/**
 * Which file a stream belongs to. None of these is trusted alone:
 *
 * - device and inode find a file under whatever name, but an inode is used again after its file was deleted;
 * - the fingerprint (SHA-256 of the first bytes, up to 1024 of them, growing with the file) tells apart files that begin
 *   differently, but many begin alike;
 * - the mark (hash of the 64 bytes before the position) tells whether what was read is still what is there.
 *
 * A stream goes on in a file only when device and inode are the same, the file is no shorter than the position, and neither
 * fingerprint nor mark contradict. The device alone may differ for a file at the same path with the same inode whose mark fits: some
 * file systems get another device number when they are mounted again.
 *
 * `path` is the path that a glob matched. A file that was renamed away keeps it, and `token` is where it was last.
 */
import { hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf, marksDiffer } from '@tributary/protocol/mark.ts';
import type { Mark, SourceIdentity } from '@tributary/protocol/messages.ts';
import { fingerprintBytesMax } from './limits.ts';

/** Device and inode in one text: the key of a file on this machine. */
export type FileKey = string;

export interface Fingerprint {
  readonly fingerprint: string;
  readonly fingerprintLength: number;
}

export function keyOf(stats: BigIntStats): FileKey {
  return `${stats.dev}:${stats.ino}`;
}

export function keyOfIdentity(identity: SourceIdentity): FileKey {
  return `${identity.device}:${identity.inode}`;
}

/** Fingerprint of a file that begins with `head`. */
export function fingerprintOf(head: Uint8Array): Fingerprint {
  const bytes = head.subarray(0, fingerprintBytesMax);
  return { fingerprint: bytes.length === 0 ? '' : hash('sha256', bytes, 'hex'), fingerprintLength: bytes.length };
}

/** Whether a file that begins with `head` is one of this fingerprint. */
export function fingerprintFits(head: Uint8Array, known: Fingerprint): boolean {
  if (head.length < known.fingerprintLength) return false;
  return fingerprintOf(head.subarray(0, known.fingerprintLength)).fingerprint === known.fingerprint;
}

/** The first bytes of a file, as many as a fingerprint covers. */
export async function readHead(handle: FileHandle): Promise<Uint8Array> {
  return readAt(handle, 0, fingerprintBytesMax);
}

export type Verdict = 'same' | 'shorter' | 'begins-differently' | 'differs-before-position';

/** Whether what was read up to `position` is still what an open file holds. */
export async function verify(
  handle: FileHandle,
  known: { readonly identity: Fingerprint; readonly position: number; readonly mark: Mark },
): Promise<Verdict> {
  const { identity, position, mark } = known;
  const before = Math.min(markedBytes, position);
  const marked = await readAt(handle, position - before, before);
  if (marked.length < before) return 'shorter';
  if (!fingerprintFits(await readHead(handle), identity)) return 'begins-differently';
  return marksDiffer(mark, markOf(marked)) ? 'differs-before-position' : 'same';
}

/** Reads up to `length` bytes at `position`; fewer only at the end of the file. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

const reasons: Readonly<Record<Exclude<Verdict, 'same'>, string>> = {
  shorter: 'the file is shorter than what was read of it',
  'begins-differently': 'the file begins with other bytes than before',
  'differs-before-position': 'the bytes before the position are not those that were read',
};

/** The sentence that an event tells. */
export function reasonOf(verdict: Exclude<Verdict, 'same'>): string {
  return reasons[verdict];
}
