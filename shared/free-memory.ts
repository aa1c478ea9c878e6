/**
 * Gives memory back at once that nobody will look at again. Bodies are large and few: left to the garbage collector they pile up
 * until it runs through the whole heap for them. What lies in memory that others may use too, such as Node's pool for small
 * buffers, is left alone: only memory that begins with `bytes` and is `spareBytes` longer is given back.
 */
export function freeMemory(bytes: Uint8Array, spareBytes = 0): void {
  const { buffer, byteOffset, byteLength } = bytes;
  const alone = byteOffset === 0 && buffer.byteLength === byteLength + spareBytes;
  if (alone && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
