/**
 * Finds where a JSON value ends, and that it is one (RFC 8259), without making anything of it: bytes in, an offset out. So a request of
 * millions of brackets costs no more memory than its bytes. The bytes are known to be UTF-8.
 */
import { jsonDepthMax } from '../limits.ts';

/** `offset` is where it stopped making sense. */
export class JsonScanError extends Error {
  override readonly name = 'JsonScanError';
  readonly code = 'JSON_SCAN';
  readonly offset: number;
  constructor(offset: number) {
    super('this is no JSON');
    this.offset = offset;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
const comma = 0x2c;
const colon = 0x3a;
const minus = 0x2d;
const plus = 0x2b;
const dot = 0x2e;

/** Offset of the first byte that is no white space. */
export function skipSpace(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (; ; at += 1) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
  }
}

/** Offset just behind the value that begins at `offset`. Throws a JsonScanError. */
export function endOfValue(bytes: Uint8Array, offset: number): number {
  /** For each open one, whether it is an object. */
  const open: boolean[] = [];
  let at = offset;
  for (;;) {
    const opened = openedBy(bytes[at]);
    if (opened !== undefined) {
      if (open.length === jsonDepthMax) throw new JsonScanError(at);
      at = skipSpace(bytes, at + 1);
      if (bytes[at] !== (opened ? closeObject : closeArray)) {
        open.push(opened);
        if (opened) at = endOfName(bytes, at);
        continue;
      }
      at += 1;
    } else at = endOfScalar(bytes, at);
    at = behindValue(bytes, at, open);
    if (open.length === 0) return at;
  }
}

function openedBy(byte: number | undefined): boolean | undefined {
  if (byte === openObject) return true;
  return byte === openArray ? false : undefined;
}

/** Closes what ends here; then the next value begins, or nothing is open any more. */
function behindValue(bytes: Uint8Array, offset: number, open: boolean[]): number {
  let at = offset;
  for (let isObject = open.at(-1); isObject !== undefined; isObject = open.at(-1)) {
    at = skipSpace(bytes, at);
    if (bytes[at] === comma) {
      at = skipSpace(bytes, at + 1);
      return isObject ? endOfName(bytes, at) : at;
    }
    if (bytes[at] !== (isObject ? closeObject : closeArray)) throw new JsonScanError(at);
    open.pop();
    at += 1;
  }
  return at;
}

/** Behind `"name" :` and the space that follows. */
function endOfName(bytes: Uint8Array, offset: number): number {
  if (bytes[offset] !== quote) throw new JsonScanError(offset);
  const at = skipSpace(bytes, endOfString(bytes, offset));
  if (bytes[at] !== colon) throw new JsonScanError(at);
  return skipSpace(bytes, at + 1);
}

function endOfScalar(bytes: Uint8Array, offset: number): number {
  switch (bytes[offset]) {
    case quote:
      return endOfString(bytes, offset);
    case 0x74:
      return endOfWord(bytes, offset, 'true');
    case 0x66:
      return endOfWord(bytes, offset, 'false');
    case 0x6e:
      return endOfWord(bytes, offset, 'null');
    default:
      return endOfNumber(bytes, offset);
  }
}

function endOfString(bytes: Uint8Array, offset: number): number {
  for (let at = offset + 1; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) return at + 1;
    if (byte < 0x20) throw new JsonScanError(at);
    if (byte === backslash) at = endOfEscape(bytes, at + 1);
  }
  throw new JsonScanError(bytes.length);
}

/** Offset of the escape's last byte. */
function endOfEscape(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset];
  if (byte === 0x75) {
    for (let digit = 1; digit <= 4; digit += 1) if (!isHexDigit(bytes[offset + digit])) throw new JsonScanError(offset + digit);
    return offset + 4;
  }
  if (byte === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(byte))) throw new JsonScanError(offset);
  return offset;
}

function endOfWord(bytes: Uint8Array, offset: number, word: string): number {
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[offset + index] !== word.charCodeAt(index)) throw new JsonScanError(offset + index);
  }
  return offset + word.length;
}

function endOfNumber(bytes: Uint8Array, offset: number): number {
  let at = bytes[offset] === minus ? offset + 1 : offset;
  at = bytes[at] === 0x30 ? at + 1 : endOfDigits(bytes, at);
  if (bytes[at] === dot) at = endOfDigits(bytes, at + 1);
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at += 1;
    if (bytes[at] === plus || bytes[at] === minus) at += 1;
    at = endOfDigits(bytes, at);
  }
  return at;
}

/** At least one. */
function endOfDigits(bytes: Uint8Array, offset: number): number {
  let at = offset;
  while (isDigit(bytes[at])) at += 1;
  if (at === offset) throw new JsonScanError(at);
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}
