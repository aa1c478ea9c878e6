/** A frame as it is stored, back to its rows. */
import type { FrameCiphers, FramePlace } from './frame-cipher.ts';
import { compressionOf, inflateFrame } from './frame-codec.ts';
import { isEncrypted } from './object-name.ts';

/** Throws when the bytes are not that frame, or cannot be decrypted. */
export function openFrame(
  ciphers: FrameCiphers,
  stored: Uint8Array,
  { inflatedBytes, ...place }: FramePlace & { readonly inflatedBytes: number },
): Buffer {
  const compressed = isEncrypted(place.name) ? ciphers.open(stored, place) : stored;
  return inflateFrame(compressionOf(place.name), compressed, inflatedBytes);
}
