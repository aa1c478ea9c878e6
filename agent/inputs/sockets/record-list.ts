import type { Cut } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { Records } from '../counted-stream.ts';

/** Collects records that lie one after the other, and cuts those that are too long into pieces that are marked partial. */
export class RecordList {
  readonly lengths: number[] = [];
  readonly cuts: Cut[] = [];
  #bytes = 0;

  get byteLength(): number {
    return this.#bytes;
  }

  /** A record that follows the ones before. */
  add(length: number, recordBytesMax: number): void {
    assert(length > 0, 'a record has bytes');
    let rest = length;
    while (rest > recordBytesMax) {
      this.addPiece(recordBytesMax);
      rest -= recordBytesMax;
    }
    this.lengths.push(rest);
    this.#bytes += rest;
  }

  /** A part of a record that goes on in the next one. */
  addPiece(length: number): void {
    this.lengths.push(length);
    this.#bytes += length;
    this.cuts.push({ offset: this.#bytes, cause: 'too-long' });
  }

  /** The source ended within the last record. */
  markEnd(): void {
    this.cuts.push({ offset: this.#bytes, cause: 'end' });
  }

  /** `bytes` begins with the records. */
  take(bytes: Uint8Array): Records {
    return { bytes: bytes.subarray(0, this.#bytes), lengths: this.lengths, cuts: this.cuts };
  }
}
