/** The inside of a JSON string, of which it is to be known where each unit of its text is. */
import { characterBytes, utf8Text } from '@tributary/shared/text/utf8-places.ts';

const backslash = 92;
const letterU = 117;
const quote = 34;

/** The string between its quotes; undefined: it is none. */
export function jsonText(inside: Buffer): string | undefined {
  const text = utf8Text(inside);
  if (!inside.includes(backslash) && !inside.includes(quote)) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return undefined;
  }
}

/** As `utf8Places`, of a string that `jsonText` read: an escape is one unit of two or of six bytes. */
export function jsonPlaces(bytes: Buffer, units: number): Uint32Array {
  const places = new Uint32Array(units + 1);
  let unit = 0;
  let at = 0;
  while (at < bytes.length) {
    places[unit++] = at;
    if (bytes[at] === backslash) at += bytes[at + 1] === letterU ? 6 : 2;
    else {
      const length = characterBytes(bytes, at);
      if (length === 4) places[unit++] = at;
      at += Math.max(length, 1);
    }
  }
  places[unit] = at;
  return places;
}
