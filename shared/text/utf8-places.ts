/**
 * UTF-8 of which it is to be known where each unit of its text is. A byte that belongs to no character is a character of its own, U+FFFD:
 * what stands beside it is read as it is.
 */
import { isUtf8 } from 'node:buffer';

const replacement = '\uFFFD';

/** As `Buffer.toString` reads it where it is UTF-8; elsewhere with as many units as `utf8Places` tells. */
export function utf8Text(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let text = '';
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = characterBytes(bytes, at);
    if (length === 0) {
      text += bytes.toString('utf8', from, at) + replacement;
      from = at + 1;
    }
    at += Math.max(length, 1);
  }
  return text + bytes.toString('utf8', from);
}

/** Where each of the text's units begins, and where the last one ends. Both halves of a pair begin where their character does. */
export function utf8Places(bytes: Buffer, units: number): Uint32Array {
  const places = new Uint32Array(units + 1);
  let unit = 0;
  let at = 0;
  while (at < bytes.length) {
    places[unit++] = at;
    const length = characterBytes(bytes, at);
    if (length === 4) places[unit++] = at;
    at += Math.max(length, 1);
  }
  places[unit] = at;
  return places;
}

/** The bytes of the units `[start, end)`; of a character of which only a half is meant, all of it. */
export function placesOf(places: Uint32Array, start: number, end: number): readonly [start: number, end: number] {
  const last = places[end] === places[end - 1] ? end + 1 : end;
  return [places[start] ?? 0, places[last] ?? 0];
}

/** Bytes of the character that begins here; 0: none does. */
export function characterBytes(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const second = bytes[at + 1] ?? 0;
  // Written longer than needed, half of a pair, beyond the last character.
  if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0;
  if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  for (let index = 1; index < length; index += 1) {
    if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}
