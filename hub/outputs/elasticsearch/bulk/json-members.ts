/**
 * Where the members of a JSON object are in its bytes. Fields of documents are taken over as the bytes that they are: only the outermost names are
 * looked at, and what is below one name where something of ours belongs there too.
 */

export interface JsonMember {
  readonly name: string;
  /** Of the quotation mark that begins the name. */
  readonly start: number;
  readonly valueStart: number;
  /** Behind the value. */
  readonly end: number;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * The members of the object that begins at `from`, in their order. Undefined of what has names that are the same or are written with escapes, or
 * is no object: whoever asked has to read it as JSON. The text is known to be JSON.
 */
export function membersOf(bytes: Uint8Array, from = 0): JsonMember[] | undefined {
  let at = skipSpace(bytes, from);
  if (bytes[at] !== openBrace) return undefined;
  const members: JsonMember[] = [];
  at = skipSpace(bytes, at + 1);
  while (at < bytes.length && bytes[at] !== closeBrace) {
    const start = at;
    if (bytes[start] !== quote) return undefined;
    const nameEnd = plainStringEnd(bytes, start);
    if (nameEnd === undefined) return undefined;
    const name = textOf(bytes, start + 1, nameEnd - 1);
    if (members.some((member) => member.name === name)) return undefined;
    at = skipSpace(bytes, nameEnd);
    if (bytes[at] !== colon) return undefined;
    const valueStart = skipSpace(bytes, at + 1);
    const end = valueEnd(bytes, valueStart);
    members.push({ name, start, valueStart, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
  }
  return at < bytes.length ? members : undefined;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/** Behind the closing quotation mark; undefined where there are escapes. */
function plainStringEnd(bytes: Uint8Array, start: number): number | undefined {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) {
    if (bytes[at] === backslash) return undefined;
    at += 1;
  }
  return at + 1;
}

function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at + 1;
}

function valueEnd(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === quote) return stringEnd(bytes, start);
  if (first === openBrace || first === openBracket) return nestedEnd(bytes, start);
  let at = start;
  while (at < bytes.length && !endsPlain(bytes[at] ?? comma)) at += 1;
  return at;
}

/** Of a number, `true`, `false` and `null`. */
function endsPlain(byte: number): boolean {
  return byte === comma || byte === closeBrace || byte === closeBracket || byte <= 0x20;
}

function nestedEnd(bytes: Uint8Array, start: number): number {
  let depth = 0;
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === quote) {
      at = stringEnd(bytes, at);
      continue;
    }
    if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return at;
}
