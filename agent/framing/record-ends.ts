import type { CutCause } from '@tributary/protocol/messages.ts';
import type { Framed } from './framer.ts';

const newlineByte = 10;

/** Goes through the records that a framer found: one object for all of them, as there may be many. */
export class RecordEnds {
  readonly #bytes: Buffer;
  readonly #framed: Framed;
  readonly #hasLengths: boolean;
  #index = -1;
  #cut = 0;
  start = 0;
  end = 0;
  /** Why the record ends here although no terminator shows it, or goes on in the next one. */
  cut: CutCause | undefined;

  constructor(bytes: Buffer, framed: Framed) {
    this.#bytes = bytes;
    this.#framed = framed;
    this.#hasLengths = framed.lengths.length > 0;
  }

  /** Goes to the next record; false when there is none. */
  next(): boolean {
    const { records, lengths, cuts } = this.#framed;
    if (this.#index + 1 >= records) return false;
    this.#index += 1;
    this.start = this.end;
    const cut = cuts[this.#cut];
    if (this.#hasLengths) this.end += lengths[this.#index] ?? 0;
    else {
      const newline = this.#bytes.indexOf(newlineByte, this.start);
      this.end = cut === undefined || (newline >= 0 && newline < cut.offset) ? newline + 1 : cut.offset;
    }
    const isCut = cut?.offset === this.end;
    this.cut = isCut ? cut.cause : undefined;
    if (isCut) this.#cut += 1;
    return true;
  }
}
