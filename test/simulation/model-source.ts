import { markOf } from '@tributary/protocol/mark.ts';
import type { Mark, StreamAttributes } from '@tributary/protocol/messages.ts';

/** A file or socket whose bytes follow from its number and the position, so that both ends can be compared without storing them. */
const recordBytes = 7;

export class ModelSource {
  readonly index: number;
  readonly length: number;
  readonly attributes: StreamAttributes;
  /** Between these, the site takes nothing of it. */
  readonly poison: { readonly from: number; readonly to: number } | undefined;
  /** Records are told by their lengths, and not by lines. */
  readonly hasLengths: boolean;
  /** A filter at the edge leaves out one record of so many; 0: none. */
  readonly dropsOneIn: number;
  readonly #marks = new Map<number, Mark>();

  constructor(options: {
    index: number;
    length: number;
    type: string;
    counted: boolean;
    poison: { readonly from: number; readonly to: number } | undefined;
    hasLengths: boolean;
    dropsOneIn: number;
  }) {
    this.index = options.index;
    this.length = options.length;
    this.poison = options.poison;
    this.hasLengths = options.hasLengths;
    this.dropsOneIn = options.dropsOneIn;
    const { type, counted } = options;
    this.attributes = { tenant: 'acme', type, host: 'host', encoding: 'utf-8', counted, labels: { source: `s${this.index}` } };
  }

  byteAt(position: number): number {
    return (Math.imul(position + 1, 2_654_435_761) ^ Math.imul(this.index + 1, 40_503)) & 0xff;
  }

  /** Whether the record at this position is one that the filter leaves out. */
  isLeftOut(position: number): boolean {
    if (this.dropsOneIn === 0) return false;
    const record = Math.floor(position / recordBytes);
    return Math.imul(record + this.index + 1, 2_654_435_761) >>> 16 <= 0xffff / this.dropsOneIn;
  }

  bytes(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(to - from);
    for (let at = from; at < to; at += 1) bytes[at - from] = this.byteAt(at);
    return bytes;
  }

  markAt(position: number): Mark {
    let mark = this.#marks.get(position);
    if (mark === undefined) {
      mark = markOf(this.bytes(Math.max(0, position - 64), position));
      this.#marks.set(position, mark);
    }
    return mark;
  }
}
