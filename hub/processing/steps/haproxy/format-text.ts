/** The text of a `log-format`, as it stands in HAProxy's configuration. */
import { FormatError } from '../line-format/format-error.ts';

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Without the configuration's own escapes, and with one space for several. Throws a FormatError. */
export function unescapedFormat(format: string): string {
  if (/^\s*(?:error-)?log-format\s/.test(format))
    throw new FormatError('only what stands behind the word log-format is the format');
  return format
    .replaceAll(/\\(?:x([0-9A-Fa-f]{2})|([ "'\\#ntr]))/g, (_, hex: string | undefined, code: string) =>
      hex === undefined ? (escapes[code] ?? code) : String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .replaceAll(/ {2,}/g, ' ')
    .trim();
}

/** Where the bracket is that ends the expression which begins at `from`: not one in quotes or in arguments. Minus one where none does. */
export function expressionEnd(format: string, from: number): number {
  let depth = 0;
  let quote = '';
  for (let at = from; at < format.length; at += 1) {
    const character = format.charAt(at);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === "'" || character === '"') quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === ']' && depth <= 0) return at;
  }
  return -1;
}
