/**
 * Whether an object of a JSON text may have a member twice, at any depth: Elasticsearch refuses such a document ("Duplicate field"), and lines that are
 * JSON themselves are taken over as they came. Looks at hashes of names, so it says yes now and then where none is; whoever asked reads the text then.
 */

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
/** More names than that in an object are not compared with each other. */
const namesMax = 256;

/** The text is known to be JSON. */
export function mayRepeatNames(bytes: Uint8Array): boolean {
  /** Hashes of the names of all objects that are open, one object after the other. */
  const names: number[] = [];
  /** Where in them each open object or list begins. */
  const begins: number[] = [];
  let begin = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case openBrace:
      case openBracket:
        begins.push(begin);
        begin = names.length;
        break;
      case closeBrace:
      case closeBracket:
        names.length = begin;
        begin = begins.pop() ?? 0;
        break;
      case quote: {
        const start = at + 1;
        at = stringEnd(bytes, start);
        if (!isName(bytes, at + 1)) break;
        const name = hashOf(bytes, start, at);
        if (name === undefined || names.length - begin >= namesMax || names.includes(name, begin)) return true;
        names.push(name);
        break;
      }
      default:
    }
  }
  return false;
}

/** Of the closing quotation mark. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

/** Nothing but the name of a member is followed by a colon. */
function isName(bytes: Uint8Array, from: number): boolean {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return bytes[at] === colon;
}

/** FNV-1a; undefined of a name with escapes, which may be another one's in other letters. */
function hashOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === backslash) return undefined;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
