/**
 * Cuts the bytes of one connection into records. What a record's end is depends on the framing; a record that is longer than the limit
 * is cut into pieces, the same ones however its bytes came, so that a connection never has to be closed for what comes over it. At
 * most one unfinished piece is held.
 *
 * - Lines: up to and with a newline, as in a file.
 * - Syslog (RFC 6587), decided anew for each message: a number, a space and `<` say how many bytes follow (octet counting); anything
 *   else ends at a newline or NUL. The octets of the framing are not part of the record, and an empty line (perhaps with the carriage
 *   return that some write behind a counted message) is none.
 */
import type { Records } from '../counted-stream.ts';
import { octetCountDigitsMax } from './limits.ts';
import { RecordList } from './record-list.ts';

export type Framing = 'lines' | 'syslog';

const newline = 10;
const carriageReturn = 13;
const nul = 0;
const space = 32;
const digit0 = 48;
const digit9 = 57;
const lessThan = 60;

export class StreamFramer {
  readonly #framing: Framing;
  readonly #recordBytesMax: number;
  /** What is held of a record whose end did not come yet: `[#start, #end)`. */
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** So many bytes of what is held were looked at: no end is in them. */
  #scanned = 0;
  /** What is missing of a message whose length was told; 0: another begins. */
  #counted = 0;
  /** A piece of this record was cut off before. */
  #isContinued = false;

  constructor(framing: Framing, recordBytesMax: number) {
    this.#framing = framing;
    this.#recordBytesMax = recordBytesMax;
  }

  /** The records that ended in this chunk, which is overwritten. They are valid until the next call. */
  frame(chunk: Buffer): Records {
    const isHeld = this.#end > this.#start;
    const bytes = isHeld ? this.#append(chunk) : chunk;
    const list = new RecordList();
    const at = this.#framing === 'lines' ? this.#frameLines(bytes, list) : this.#frameSyslog(bytes, list);
    if (isHeld) this.#start = at;
    else this.#hold(bytes.subarray(at));
    return list.take(bytes);
  }

  /** Nothing more comes: what is held is the last record. `missing`: bytes that a message had announced and that did not come. */
  end(): { readonly records: Records; readonly missing: number } {
    const held = this.#end - this.#start;
    const list = new RecordList();
    if (held > 0) {
      list.add(held, this.#recordBytesMax);
      list.markEnd();
    }
    const records = list.take(this.#buffer.subarray(this.#start, this.#end));
    const missing = this.#counted === 0 ? 0 : this.#counted - held;
    this.#start = this.#end;
    this.#counted = 0;
    return { records, missing };
  }

  #frameLines(bytes: Buffer, list: RecordList): number {
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(newline, at + this.#scanned);
      if (end < 0) break;
      list.add(end + 1 - at, this.#recordBytesMax);
      at = end + 1;
      this.#scanned = 0;
    }
    for (; bytes.length - at > this.#recordBytesMax; at += this.#recordBytesMax) list.addPiece(this.#recordBytesMax);
    this.#scanned = bytes.length - at;
    return at;
  }

  /** Moves the records together at the front of `bytes`, over the octets of their framing. */
  #frameSyslog(bytes: Buffer, list: RecordList): number {
    const nuls = new NextByte(bytes, nul);
    let at = 0;
    for (;;) {
      if (this.#counted === 0 && !this.#isContinued && this.#scanned === 0) {
        while (bytes[at] === newline || bytes[at] === nul) at += 1;
        const count = octetCountAt(bytes, at);
        if (count === 'unfinished') return at;
        this.#counted = count.bytes;
        at += count.headBytes;
      }
      const next = this.#counted > 0 ? this.#takeCounted(bytes, at, list) : this.#takeLine(bytes, { at, nuls }, list);
      if (next === undefined) return at;
      at = next;
    }
  }

  /** Returns what comes after the next piece of a counted message; undefined when it is not all there. */
  #takeCounted(bytes: Buffer, at: number, list: RecordList): number | undefined {
    const isPiece = this.#counted > this.#recordBytesMax;
    const length = isPiece ? this.#recordBytesMax : this.#counted;
    if (bytes.length - at < length) return undefined;
    bytes.copyWithin(list.byteLength, at, at + length);
    if (isPiece) list.addPiece(length);
    else list.add(length, length);
    this.#counted -= length;
    return at + length;
  }

  #takeLine(bytes: Buffer, { at, nuls }: { at: number; nuls: NextByte }, list: RecordList): number | undefined {
    const from = at + this.#scanned;
    const nextNul = nuls.from(from);
    const nextNewline = bytes.indexOf(newline, from);
    const end = nextNewline < 0 ? nextNul : Math.min(nextNewline, nextNul);
    if (end < bytes.length) {
      const isEmpty = end - at === 1 && bytes[at] === carriageReturn && !this.#isContinued;
      if (!isEmpty) {
        bytes.copyWithin(list.byteLength, at, end);
        list.add(end - at, this.#recordBytesMax);
      }
      this.#scanned = 0;
      this.#isContinued = false;
      return end + 1;
    }
    if (bytes.length - at > this.#recordBytesMax) {
      bytes.copyWithin(list.byteLength, at, at + this.#recordBytesMax);
      list.addPiece(this.#recordBytesMax);
      this.#scanned = bytes.length - at - this.#recordBytesMax;
      this.#isContinued = true;
      return at + this.#recordBytesMax;
    }
    this.#scanned = bytes.length - at;
    return undefined;
  }

  #append(chunk: Buffer): Buffer {
    const held = this.#end - this.#start;
    const needed = held + chunk.length;
    if (needed > this.#buffer.length) {
      // Twice as large each time, so that a record that drips in is not copied with each of its bytes.
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
      this.#buffer.copy(grown, 0, this.#start, this.#end);
      this.#buffer = grown;
    } else if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    }
    chunk.copy(this.#buffer, held);
    this.#start = 0;
    this.#end = needed;
    return this.#buffer.subarray(0, needed);
  }

  #hold(rest: Buffer): void {
    this.#start = 0;
    this.#end = rest.length;
    if (rest.length > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(rest.length);
    rest.copy(this.#buffer);
  }
}

/** The next place of a byte that hardly ever comes, so that it is not looked for again behind each record. */
class NextByte {
  readonly #bytes: Buffer;
  readonly #value: number;
  #next = -1;

  constructor(bytes: Buffer, value: number) {
    this.#bytes = bytes;
    this.#value = value;
  }

  /** The length of the bytes when there is none. */
  from(at: number): number {
    if (this.#next < at) {
      const found = this.#bytes.indexOf(this.#value, at);
      this.#next = found < 0 ? this.#bytes.length : found;
    }
    return this.#next;
  }
}

/** The octet count that a message begins with; 0 bytes: it has none. */
function octetCountAt(bytes: Buffer, at: number): { readonly bytes: number; readonly headBytes: number } | 'unfinished' {
  const none = { bytes: 0, headBytes: 0 };
  let end = at;
  while (isDigit(bytes[end]) && end - at <= octetCountDigitsMax) end += 1;
  const digits = end - at;
  if (digits === 0 || digits > octetCountDigitsMax || bytes[at] === digit0) return none;
  if (end === bytes.length) return 'unfinished';
  if (bytes[end] !== space) return none;
  if (end + 1 === bytes.length) return 'unfinished';
  if (bytes[end + 1] !== lessThan) return none;
  return { bytes: Number(bytes.toString('latin1', at, end)), headBytes: digits + 1 };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= digit0 && byte <= digit9;
}
