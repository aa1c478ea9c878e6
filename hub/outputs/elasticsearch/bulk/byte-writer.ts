/**
 * Bytes one after the other, in a buffer that grows. The buffer is used again by the next writer of the thread: what is handed on is a copy of its own
 * size, so that nothing is held that nobody wrote, and no memory is asked of the system for each piece.
 */

const capacityMin = 256 * 1024;
/** A larger one is not kept. */
const spareBytesMax = 16 * 1024 * 1024;
/** UTF-8 has at most so many bytes for one of a string's units. */
const bytesPerUnitMax = 3;

let spare: Buffer<ArrayBuffer> | undefined;

export class ByteWriter {
  #out: Buffer<ArrayBuffer>;
  #length = 0;

  /** `expected`: how many bytes are likely. */
  constructor(expected: number) {
    this.#out = spare ?? Buffer.allocUnsafeSlow(Math.max(capacityMin, expected));
    spare = undefined;
  }

  get length(): number {
    return this.#length;
  }

  text(text: string): void {
    this.#reserve(text.length * bytesPerUnitMax);
    this.#length += this.#out.write(text, this.#length, 'utf8');
  }

  /** Of characters below 256 only. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#out.write(text, this.#length, 'latin1');
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#out.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#out[this.#length] = value;
    this.#length += 1;
  }

  /** Takes back what was written after a place. */
  cut(length: number): void {
    this.#length = length;
  }

  /** A buffer of its own; nothing is written afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    const finished = Buffer.allocUnsafeSlow(this.#length);
    this.#out.copy(finished, 0, 0, this.#length);
    if (this.#out.length <= spareBytesMax) spare = this.#out;
    return finished;
  }

  #reserve(bytes: number): void {
    if (this.#out.length - this.#length >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#length + bytes));
    this.#out.copy(larger, 0, 0, this.#length);
    this.#out = larger;
  }
}
