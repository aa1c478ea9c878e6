/**
 * Text from outside (paths, records, what a peer said) for a person's terminal: characters that a terminal obeys, or that turn the
 * direction of what follows, are shown by their numbers. Whoever names a file or writes to a log must not write to the terminal of
 * who looks at it.
 */
const obeyed = /(?!\t)\p{Cc}|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Lines, each with its end. */
export function printableLines(text: string): string {
  return text
    .split(/(\r?\n)/)
    .map((part, index) => (index % 2 === 0 ? printable(part) : part))
    .join('');
}

/** One line: a newline in it is shown by its number, too. */
export function printable(text: string): string {
  return text.replaceAll(obeyed, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
