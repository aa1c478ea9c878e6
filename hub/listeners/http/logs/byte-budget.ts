/** Memory that bodies of all requests together may hold. Nobody waits for it: who finds none left is told to come again. */
export class ByteBudget {
  readonly bytesMax: number;
  #taken = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get taken(): number {
    return this.#taken;
  }

  share(): ByteShare {
    return new ByteShare((bytes) => {
      if (bytes > 0 && this.#taken + bytes > this.bytesMax) return false;
      this.#taken += bytes;
      return true;
    });
  }
}

/** What one request holds; given back when it is disposed of. */
export class ByteShare implements Disposable {
  readonly #change: (bytes: number) => boolean;
  #held = 0;

  constructor(change: (bytes: number) => boolean) {
    this.#change = change;
  }

  /** False: there is no room for so many more. */
  take(bytes: number): boolean {
    if (!this.#change(bytes)) return false;
    this.#held += bytes;
    return true;
  }

  [Symbol.dispose](): void {
    this.#change(-this.#held);
    this.#held = 0;
  }
}
