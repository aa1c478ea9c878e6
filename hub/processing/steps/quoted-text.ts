/** Text in quotes as programs log it: a quote within it has a backslash before it, and bytes that cannot be shown are `\x1b`. */

const backslash = 92;
const letterX = 120;
const simpleEscapes = new Map(Array.from('bnrtvf', (letter, index) => [letter.charCodeAt(0), '\b\n\r\t\v\f'.charCodeAt(index)]));

/** Where the quote is that ends the text which begins at `from`; minus one where none does. */
export function quoteEnd(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at > from && text.charCodeAt(at - 1) === backslash) {
    let first = at - 1;
    while (first > from && text.charCodeAt(first - 1) === backslash) first -= 1;
    if ((at - first) % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return at;
}

/** What stood there before it was logged. Bytes that are no UTF-8 stay as they are written. */
export function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  const written = Buffer.from(text);
  const bytes = Buffer.allocUnsafe(written.length);
  let length = 0;
  for (let at = 0; at < written.length; at += 1) {
    let byte = written[at] ?? 0;
    if (byte === backslash && at + 1 < written.length) {
      const next = written[at + 1] ?? 0;
      const value = next === letterX ? hexByte(written, at + 2) : (simpleEscapes.get(next) ?? next);
      if (value >= 0) {
        byte = value;
        at += next === letterX ? 3 : 1;
      }
    }
    bytes[length] = byte;
    length += 1;
  }
  return utf8Or(text, bytes.subarray(0, length));
}

/** HAProxy's: `#22` for a quote, `#23` for the number sign itself. */
export function unescapedNumberSigns(text: string): string {
  if (!text.includes('#')) return text;
  const written = Buffer.from(text);
  const bytes = Buffer.allocUnsafe(written.length);
  let length = 0;
  for (let at = 0; at < written.length; at += 1) {
    const value = written[at] === 35 ? hexByte(written, at + 1) : -1;
    bytes[length] = value >= 0 ? value : (written[at] ?? 0);
    length += 1;
    if (value >= 0) at += 2;
  }
  return utf8Or(text, bytes.subarray(0, length));
}

function utf8Or(text: string, bytes: Buffer): string {
  const decoded = bytes.toString('utf8');
  return decoded.includes('\ufffd') ? text : decoded;
}

/** Minus one where there are no two hexadecimal digits. */
function hexByte(bytes: Buffer, at: number): number {
  const high = hexDigit(bytes[at]);
  const low = hexDigit(bytes[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code = 0): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** What stands between the quotes of a JSON string; as it is written where it is none. */
export function jsonUnescaped(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
