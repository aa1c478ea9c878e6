/**
 * How an archive row says that its bytes are not UTF-8: `encoding:utf-16le`, the first of its flags. The bytes stay as they were; whoever
 * shows them to a person decodes them.
 */

const word = 'encoding:';
/** What needs no word: every byte of it means the same in UTF-8, or nothing is known. */
const plainEncodings: ReadonlySet<string> = new Set(['', 'utf-8', 'utf8', 'us-ascii', 'ascii']);

/** The flag for rows of a stream, or nothing. */
export function encodingFlag(encoding: string): string {
  const name = encoding.toLowerCase();
  return plainEncodings.has(name) ? '' : `${word}${name}`;
}

/** Whether a frame may hold such a row at all: it is the first flag, so a comma is before it. */
export function mayHoldEncodings(frame: Buffer): boolean {
  return frame.includes(`,${word}`);
}

/** Decodes the raw columns of rows by their flags; keeps a decoder for each encoding it met. */
export class RowDecoders {
  readonly #decoders = new Map<string, TextDecoder | undefined>();
  readonly #fatal: boolean;

  /** `fatal`: bytes that mean nothing throw; otherwise each becomes U+FFFD. */
  constructor(options: { readonly fatal: boolean }) {
    this.#fatal = options.fatal;
  }

  /** Undefined where the row's bytes are UTF-8, or this program does not know their encoding. */
  of(flags: string): TextDecoder | undefined {
    const [flag = ''] = flags.split(' ', 1);
    if (!flag.startsWith(word)) return undefined;
    return this.#decoders.getOrInsertComputed(flag.slice(word.length), (name) => decoderOf(name, this.#fatal));
  }
}

function decoderOf(name: string, fatal: boolean): TextDecoder | undefined {
  try {
    return new TextDecoder(name, { fatal });
  } catch {
    return undefined;
  }
}
