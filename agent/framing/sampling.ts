/**
 * Which records a sample keeps. Decided by the stream and the position alone: read again after a crash, a record is decided as it was.
 */
const words = 2 ** 32;

/** A number of the stream's id. */
export function sampleSeed(streamId: string): number {
  return Number.parseInt(streamId.slice(0, 8), 16);
}

export function keeps(share: number, { seed, position }: { readonly seed: number; readonly position: number }): boolean {
  const high = Math.floor(position / words);
  return mix(mix(seed ^ high) ^ (position % words)) < share * words;
}

/** Spreads the bits of a 32-bit number, as MurmurHash3 ends. */
function mix(value: number): number {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
