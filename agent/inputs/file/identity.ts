/**
 * Which file a stream belongs to. None of these is trusted alone:
 *
 * - device and inode find a file under whatever name, but an inode is used again after its file was deleted;
 * - the time of its birth, where the file system tells one, tells such a file from the one before, even of the same content;
 * - the fingerprint (SHA-256 of the first bytes, up to 1024 of them, growing with the file) tells apart files that begin
 *   differently, but many begin alike;
 * - the mark (hash of the 64 bytes before the position) tells whether what was read is still what is there.
 *
 * A stream goes on in a file only when device and inode are the same, the file is no shorter than the position, and neither
 * fingerprint nor mark contradict, and it was not born since. The device alone may differ for a file at the same path with the same
 * inode whose mark fits: some file systems get another device number when they are mounted again.
 *
 * `path` is the path that a glob matched. A file that was renamed away keeps it, and `token` tells where it was last (token.ts).
 * `base` bytes were taken out of the file's beginning (collapse.ts): the fingerprint is that of what is the beginning now, and a
 * position less the base is the offset in the file. The first 64 bytes of offsets have no mark then.
 */
import { hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf, marksDiffer } from '@tributary/protocol/mark.ts';
import type { Mark, SourceIdentity } from '@tributary/protocol/messages.ts';
import type { ReadableFile } from './inflated-file.ts';
import { fingerprintBytesMax } from './limits.ts';
import { parseFileToken } from './token.ts';

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

const devices = new Map<bigint, string>();

/** Device and inode as an identity has them. There are many files on few devices. */
export function placeOf({ dev, ino }: BigIntStats): { readonly device: string; readonly inode: string } {
  return { device: devices.getOrInsertComputed(dev, String), inode: String(ino) };
}

/** Devices that were seen to tell a birth apart from the last change. */
const devicesWithBirths = new Set<bigint>();

/**
 * When a file was born, for its token; '' where that is not known. Where the system does not know, it tells nothing or the time of the
 * last change instead, so a birth is believed only on a device that told one earlier than that, of whatever file or folder.
 */
export function birthOf({ dev, birthtimeNs, ctimeNs }: BigIntStats): string {
  if (birthtimeNs > 0n && birthtimeNs < ctimeNs) devicesWithBirths.add(dev);
  return devicesWithBirths.has(dev) ? String(birthtimeNs) : '';
}

/** Whether the file with this identity's device and inode is another one, born when that was deleted. */
export function isBornAnew(identity: SourceIdentity, stats: BigIntStats): boolean {
  const { birth } = parseFileToken(identity.token);
  const now = birthOf(stats);
  return birth !== '' && now !== '' && birth !== now;
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
export async function readHead(file: ReadableFile): Promise<Uint8Array> {
  return readAt(file, 0, fingerprintBytesMax);
}

export type Verdict = 'same' | 'shorter' | 'begins-differently' | 'differs-before-position' | 'born-since';

/** What is known of a file's content: its fingerprint, and a position with its mark. */
export interface KnownContent {
  readonly identity: Fingerprint & { readonly base: number };
  readonly position: number;
  readonly mark: Mark;
}

/** Whether what was read up to `position` is still what a file holds. */
export async function verify(file: ReadableFile, { identity, position, mark }: KnownContent): Promise<Verdict> {
  const offset = position - identity.base;
  if (offset < 0) return 'shorter';
  const before = Math.min(markedBytes, offset);
  // The head first: a compressed file is read from its beginning on.
  const head = await readHead(file);
  const marked = await readAt(file, offset - before, before);
  if (marked.length < before) return 'shorter';
  if (!fingerprintFits(head, identity)) return 'begins-differently';
  const isMarked = before === Math.min(markedBytes, position);
  return isMarked && marksDiffer(mark, markOf(marked)) ? 'differs-before-position' : 'same';
}

/** Reads up to `length` bytes at `position`; fewer only at the end of the file. */
export async function readAt(file: ReadableFile, position: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

const reasons: Readonly<Record<Exclude<Verdict, 'same'>, string>> = {
  shorter: 'the file is shorter than what was read of it',
  'begins-differently': 'the file begins with other bytes than before',
  'differs-before-position': 'the bytes before the position are not those that were read',
  'born-since': 'it is a new file with the inode of a deleted one',
};

/** The sentence that an event tells. */
export function reasonOf(verdict: Exclude<Verdict, 'same'>): string {
  return reasons[verdict];
}
