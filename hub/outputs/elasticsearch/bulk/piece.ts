/**
 * The documents of some entries on their way: each is settled once, as done or refused for good. When all are, so is the piece, and the cursor may pass
 * its entries.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { DeadLetter } from '../../../dead-letters/dead-letter.ts';
import type { Lines } from './bulk-contract.ts';
import type { Doubt } from './bulk-server.ts';

/** What a server will never take, and what it said. */
export interface Refusal {
  readonly document: number;
  readonly status: number;
  readonly type: string;
  readonly reason: string;
}

/** Documents of one piece that follow each other: `[from, to)`. */
export interface Range {
  readonly piece: Piece;
  readonly from: number;
  readonly to: number;
  /** Those that may be there already are looked up before they are sent. */
  readonly doubt: Doubt;
  /** How often the server had a trouble with them that may pass. */
  readonly tries: number;
}

export type PieceLines = Pick<Lines, 'bytes' | 'ends' | 'refused' | 'names'>;

export class Piece {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly names: readonly string[];
  readonly documents: number;
  /** Before this nothing of it was sent by anybody. */
  readonly sinceMs: number;
  readonly refusals: Refusal[] = [];
  readonly #ends: Uint32Array;
  readonly #isOpen: Uint8Array;
  readonly #settled = Promise.withResolvers<void>();
  #open: number;
  #isAnyThere = false;

  constructor({ bytes, ends, refused, names }: PieceLines, sinceMs: number) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#ends = ends;
    this.names = names;
    this.sinceMs = sinceMs;
    this.documents = ends.length;
    this.#open = ends.length;
    this.#isOpen = new Uint8Array(ends.length).fill(1);
    for (const { document, type, reason } of refused) this.refuse({ document, status: 400, type, reason });
    if (this.#open === 0) this.#settled.resolve();
  }

  /** Never rejects. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get isSettled(): boolean {
    return this.#open === 0;
  }

  /** Some of it had been sent before. */
  get isAnyThere(): boolean {
    return this.#isAnyThere;
  }

  wasThere(document: number): void {
    this.#isAnyThere = true;
    this.done(document);
  }

  done(document: number): void {
    assert(this.#isOpen[document] === 1, 'a document is settled once');
    this.#isOpen[document] = 0;
    this.#open -= 1;
    if (this.#open === 0) this.#settled.resolve();
  }

  refuse(refusal: Refusal): void {
    this.refusals.push(refusal);
    this.done(refusal.document);
  }

  /** Those that are not settled, as few ranges as they are. */
  *open(from = 0, to = this.documents): Generator<{ readonly from: number; readonly to: number }> {
    let start = from;
    while (start < to) {
      while (start < to && this.#isOpen[start] === 0) start += 1;
      let end = start;
      while (end < to && this.#isOpen[end] === 1) end += 1;
      if (end > start) yield { from: start, to: end };
      start = end;
    }
  }

  startOf(document: number): number {
    return document === 0 ? 0 : (this.#ends[document - 1] ?? 0);
  }

  endOf(document: number): number {
    return this.#ends[document] ?? this.bytes.length;
  }

  linesOf(from: number, to: number): Buffer<ArrayBuffer> {
    return this.bytes.subarray(this.startOf(from), this.endOf(to - 1));
  }

  /** Its index and its `_id`. */
  placeOf(document: number): { readonly index: string; readonly id: string } {
    const line = this.linesOf(document, document + 1);
    const action: { create: { _index: string; _id: string } } = JSON.parse(line.subarray(0, line.indexOf(10)).toString());
    const { _index: index, _id: id } = action.create;
    return { index, id };
  }

  /** As it was sent, JSON. */
  textOf(document: number): string {
    const lines = this.linesOf(document, document + 1);
    return lines.subarray(lines.indexOf(10) + 1, lines.length - 1).toString();
  }

  /** What was refused, as letters in the order of the documents. */
  letters(output: string, nowMs: number): DeadLetter[] {
    const refusals = this.refusals.toSorted((one, other) => one.document - other.document);
    return refusals.map(({ document, status, type, reason }) => {
      const { index, id } = this.placeOf(document);
      return { output, id, index, status, type, reason, atMs: nowMs, tries: 1, document: this.textOf(document) };
    });
  }
}

export function rangeBytes({ piece, from, to }: Range): number {
  return piece.endOf(to - 1) - piece.startOf(from);
}
