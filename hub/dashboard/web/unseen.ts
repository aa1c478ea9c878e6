/**
 * Characters of a text that one does not see, or that make one see another text: controls, those that turn the direction of what follows, those
 * without width. Whoever can write a log line can put them there, so they are shown by name. Tabs and line ends are left as they are, and so are
 * the joiners (U+200C, U+200D) that some scripts and emoji are written with.
 */
export interface TextPiece {
  readonly text: string;
  /** Of a character that is not seen. */
  readonly unseen?: string;
}

const unseenPattern =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/u;
const unseenAll = new RegExp(unseenPattern, 'gu');

const controls =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  );
const others: Readonly<Record<string, string>> = {
  '\u007F': 'DEL',
  '\u200B': 'ZWSP',
  '\u200E': 'LRM',
  '\u200F': 'RLM',
  '\u202A': 'LRE',
  '\u202B': 'RLE',
  '\u202C': 'PDF',
  '\u202D': 'LRO',
  '\u202E': 'RLO',
  '\u2066': 'LRI',
  '\u2067': 'RLI',
  '\u2068': 'FSI',
  '\u2069': 'PDI',
  '\uFEFF': 'BOM',
};

/** In order; most texts are one piece. */
export function textPieces(text: string): readonly TextPiece[] {
  if (!unseenPattern.test(text)) return [{ text }];
  const pieces: TextPiece[] = [];
  let at = 0;
  for (const { index, 0: found } of text.matchAll(unseenAll)) {
    if (index > at) pieces.push({ text: text.slice(at, index) });
    pieces.push({ text: found, unseen: nameOf(found) });
    at = index + found.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return others[character] ?? controls[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
