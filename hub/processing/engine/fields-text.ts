/** The fields of documents as JSON texts, one after the other, in a buffer that grows. */
import { inflatedBytesMax } from '../limits.ts';
import type { Fields } from '../record/fields.ts';
import { jsonText } from '../steps/copy-value.ts';
import { StepError } from '../steps/step.ts';

const capacityMin = 64 * 1024;
/** A larger one is not kept for the next block. */
const spareBytesMax = 16 * 1024 * 1024;
/** UTF-8 has at most so many bytes for one of a string's units. */
const bytesPerUnitMax = 3;

export class FieldsText {
  #out = Buffer.allocUnsafeSlow(capacityMin);
  #length = 0;

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#out.subarray(0, this.#length);
  }

  /** False: it has become too large to be used again. */
  clear(): boolean {
    this.#length = 0;
    return this.#out.length <= spareBytesMax;
  }

  /** Returns the length of the text in bytes: 0 of a document without fields. Throws a StepError, with nothing written. */
  append(fields: Fields): number {
    if (isEmpty(fields)) return 0;
    const text = jsonText(fields);
    if (this.#length + text.length > inflatedBytesMax)
      throw new StepError('too_large', `the fields of its batch have more than ${inflatedBytesMax} bytes`);
    this.#reserve(text.length * bytesPerUnitMax);
    const written = this.#out.write(text, this.#length, 'utf8');
    this.#length += written;
    return written;
  }

  #reserve(bytes: number): void {
    if (this.#out.length - this.#length >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#length + bytes));
    larger.set(this.#out.subarray(0, this.#length));
    this.#out = larger;
  }
}

function isEmpty(fields: Fields): boolean {
  for (const name in fields) if (Object.hasOwn(fields, name)) return false;
  return true;
}
