import type { Transferable } from 'node:worker_threads';

/** What to transfer so that a thread gets `bytes` without a copy: nothing when they are a part of memory that others use too. */
export function wholeBuffer(bytes: Uint8Array): readonly Transferable[] {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength ? [buffer] : [];
}
