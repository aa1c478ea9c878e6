import { hash } from 'node:crypto';
import { markBytes, markedBytes } from './limits.ts';
import type { Mark } from './messages.ts';

/**
 * The mark of a position: 8 bytes of SHA-256 over the last 64 bytes before it, or over as many as there are; '' where there are
 * none. Give it at least these 64 bytes, or all there are; for a counted stream, the bytes of its last record.
 */
export function markOf(bytesBefore: Uint8Array): Mark {
  if (bytesBefore.length === 0) return '';
  const marked = bytesBefore.subarray(Math.max(0, bytesBefore.length - markedBytes));
  return hash('sha256', marked, 'hex').slice(0, 2 * markBytes);
}

/** Whether two marks contradict each other: '' is unknown, and contradicts nothing. */
export function marksDiffer(left: Mark, right: Mark): boolean {
  return left !== '' && right !== '' && left !== right;
}
