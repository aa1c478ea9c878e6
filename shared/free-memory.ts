/**
 * Gives memory back at once that nobody will look at again. Bodies are large and few: left to the garbage collector they pile up
 * until it runs through the whole heap for them.
 */
export function freeMemory(bytes: Uint8Array): void {
  const { buffer } = bytes;
  const alone = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  if (alone && !buffer.detached) buffer.transfer(0);
}
