const tab = 9;
const newline = 10;
const space = 32;
const minus = 45;
const zero = 48;
const nine = 57;

/** Goes through the words and numbers of a file's bytes, line by line, without making a text of what nobody asks for. */
export class Scanner {
  #bytes: Uint8Array;
  #at = 0;
  #lineEnd = 0;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Goes to the next line; false at the end. */
  line(): boolean {
    if (this.#next >= this.#bytes.length) return false;
    const end = this.#bytes.indexOf(newline, this.#next);
    this.#at = this.#next;
    this.#lineEnd = end === -1 ? this.#bytes.length : end;
    this.#next = this.#lineEnd + 1;
    return true;
  }

  /** The next number of the line; 0 when there is none. What stands between is skipped with it. */
  number(): number {
    this.#skipSpaces();
    const isNegative = this.#bytes[this.#at] === minus;
    if (isNegative) this.#at += 1;
    let value = 0;
    while (this.#at < this.#lineEnd) {
      const digit = this.#bytes[this.#at] ?? space;
      if (digit < zero || digit > nine) break;
      value = value * 10 + (digit - zero);
      this.#at += 1;
    }
    while (this.#at < this.#lineEnd && !this.#isSpace()) this.#at += 1;
    return isNegative ? -value : value;
  }

  /** Passes over so many words. */
  skip(words: number): this {
    for (let word = 0; word < words; word += 1) {
      this.#skipSpaces();
      while (this.#at < this.#lineEnd && !this.#isSpace()) this.#at += 1;
    }
    return this;
  }

  /** The next word of the line as text, '' when there is none. With `end` the word ends before that byte, which is passed over. */
  word(end?: number): string {
    this.#skipSpaces();
    const from = this.#at;
    while (this.#at < this.#lineEnd && !this.#isSpace() && this.#bytes[this.#at] !== end) this.#at += 1;
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, this.#at - from).toString('utf8');
    if (end !== undefined && this.#bytes[this.#at] === end) this.#at += 1;
    return text;
  }

  /** True, and passed over, when the rest of the line begins with these bytes. */
  takes(start: Uint8Array): boolean {
    for (let index = 0; index < start.length; index += 1) {
      if (this.#at + index >= this.#lineEnd || this.#bytes[this.#at + index] !== start[index]) return false;
    }
    this.#at += start.length;
    return true;
  }

  #skipSpaces(): void {
    while (this.#at < this.#lineEnd && this.#isSpace()) this.#at += 1;
  }

  #isSpace(): boolean {
    const byte = this.#bytes[this.#at];
    return byte === space || byte === tab;
  }
}

/** The numbers of a file whose lines are a key, perhaps a colon, and a number: `MemFree:  123 kB`, `usage_usec 5`. Only those asked for. */
export function numbersByKey<Key extends string>(
  bytes: Uint8Array | undefined,
  keys: ReadonlySet<Key>,
): Partial<Record<Key, number>> {
  const numbers: Partial<Record<Key, number>> = {};
  if (bytes === undefined) return numbers;
  const scanner = new Scanner(bytes);
  const isKey = (word: string): word is Key => (keys as ReadonlySet<string>).has(word);
  while (scanner.line()) {
    const word = scanner.word(58);
    if (isKey(word)) numbers[word] = scanner.number();
  }
  return numbers;
}
