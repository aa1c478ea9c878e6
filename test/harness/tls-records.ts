/**
 * What a stranger on the wire sees of TLS: records, of which the head tells kind and length. Enough to know that one end said something
 * large and was not answered yet.
 */
const headBytes = 5;
const handshake = 22;
const alert = 21;
const applicationData = 23;
const changeCipher = 20;
/** RFC 8446, 5.2. */
const recordBytesMax = 2 ** 14 + 256;

export class TlsRecordReader {
  readonly #onData: (bytes: number) => void;
  #head = Buffer.alloc(0);
  #left = 0;

  /** Called with the length of each whole record of application data; in TLS 1.3 the end of the handshake is among them. */
  constructor(onData: (bytes: number) => void) {
    this.#onData = onData;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, rest.length);
        this.#left -= taken;
        rest = rest.subarray(taken);
        if (this.#left === 0) this.#end();
        continue;
      }
      const needed = headBytes - this.#head.length;
      this.#head = Buffer.concat([this.#head, rest.subarray(0, needed)]);
      rest = rest.subarray(needed);
      if (this.#head.length < headBytes) return;
      this.#left = this.#begin();
      if (this.#left === 0) this.#end();
    }
  }

  #begin(): number {
    const kind = this.#head.readUInt8(0);
    const length = this.#head.readUInt16BE(3);
    if (![handshake, alert, applicationData, changeCipher].includes(kind) || length > recordBytesMax) {
      throw new Error(`no TLS record: ${this.#head.toString('hex')}`);
    }
    return length;
  }

  #end(): void {
    const isData = this.#head.readUInt8(0) === applicationData;
    const length = this.#head.readUInt16BE(3);
    this.#head = Buffer.alloc(0);
    if (isData) this.#onData(length);
  }
}
