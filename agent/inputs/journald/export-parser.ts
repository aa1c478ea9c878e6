/**
 * The journal export format, as `journalctl --output=export` writes it: an entry is a line per field and ends with an empty line.
 *
 *     NAME=text\n                                    a value without control characters
 *     NAME\n<64-bit little-endian length><bytes>\n   any other value
 *
 * Bytes come in pieces of any size. Of a value at most `fieldBytesMax` bytes are kept, and of an entry `entryBytesMax`, so memory is
 * bounded whatever the journal holds; how long each value was is known. An entry has 1024 fields at most: journald sees to that.
 */
import { entryBytesMax, nameBytesMax } from './limits.ts';

export interface JournalField {
  readonly name: string;
  readonly value: Buffer;
  /** Length of the whole value; more than `value` has when it was cut. */
  readonly bytes: number;
}

export type JournalEntry = readonly JournalField[];

/** What comes is not the export format. */
export class ExportFormatError extends Error {
  override readonly name = 'ExportFormatError';
  readonly code = 'EXPORT_FORMAT';
}

const newline = 10;
const equals = 61;

/** `line` → (`size` → `value` → `end` →) `line` */
type State = 'line' | 'size' | 'value' | 'end';

export class ExportParser {
  readonly #fieldBytesMax: number;
  readonly #kept: KeptBytes;
  #state: State = 'line';
  #name = '';
  /** Bytes of the size or of the value that are still to come. */
  #missing = 0;
  #fields: JournalField[] = [];
  /** Bytes of values in `#fields`. */
  #entryBytes = 0;

  constructor(fieldBytesMax: number) {
    this.#fieldBytesMax = fieldBytesMax;
    this.#kept = new KeptBytes(nameBytesMax + fieldBytesMax);
  }

  /** The entries that are complete with this piece. They may refer to its memory. */
  push(piece: Buffer): JournalEntry[] {
    const entries: JournalEntry[] = [];
    let at = 0;
    while (at < piece.length) {
      at = this.#state === 'line' ? this.#line(piece, at, entries) : this.#counted(piece, at);
    }
    return entries;
  }

  #line(piece: Buffer, at: number, entries: JournalEntry[]): number {
    const end = piece.indexOf(newline, at);
    this.#kept.add(piece.subarray(at, end < 0 ? piece.length : end));
    if (end < 0) return piece.length;
    const { bytes, total } = this.#kept.take();
    if (total === 0) {
      if (this.#fields.length > 0) entries.push(this.#fields);
      this.#fields = [];
      this.#entryBytes = 0;
      return end + 1;
    }
    const split = bytes.subarray(0, nameBytesMax).indexOf(equals);
    if (split > 0) {
      this.#add(bytes.toString('latin1', 0, split), bytes.subarray(split + 1), total - split - 1);
    } else {
      if (split === 0 || total > nameBytesMax) throw new ExportFormatError('a line of the journal has no field name');
      this.#name = bytes.toString('latin1');
      this.#state = 'size';
      this.#missing = 8;
    }
    return end + 1;
  }

  #counted(piece: Buffer, at: number): number {
    if (this.#state === 'end') {
      if (piece[at] !== newline) throw new ExportFormatError(`the value of ${this.#name} has no end`);
      this.#state = 'line';
      return at + 1;
    }
    const end = Math.min(piece.length, at + this.#missing);
    this.#kept.add(piece.subarray(at, end));
    this.#missing -= end - at;
    if (this.#missing === 0) this.#countedDone();
    return end;
  }

  #countedDone(): void {
    const { bytes, total } = this.#kept.take();
    if (this.#state === 'value') {
      this.#add(this.#name, bytes, total);
      this.#state = 'end';
      return;
    }
    const size = bytes.readBigUInt64LE();
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new ExportFormatError(`the value of ${this.#name} is impossibly long`);
    this.#missing = Number(size);
    this.#state = 'value';
    if (size === 0n) this.#countedDone();
  }

  #add(name: string, value: Buffer, bytes: number): void {
    const kept = value.subarray(0, Math.min(this.#fieldBytesMax, entryBytesMax - this.#entryBytes));
    this.#entryBytes += kept.length;
    this.#fields.push({ name, value: kept, bytes });
  }
}

/** Bytes put together from pieces: the first ones up to a limit, and the count of all. */
class KeptBytes {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #kept = 0;
  #total = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(part: Buffer): void {
    this.#total += part.length;
    const room = this.#bytesMax - this.#kept;
    if (room <= 0 || part.length === 0) return;
    const fitting = part.subarray(0, room);
    this.#parts.push(fitting);
    this.#kept += fitting.length;
  }

  take(): { readonly bytes: Buffer; readonly total: number } {
    const [only] = this.#parts;
    const bytes = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    const total = this.#total;
    this.#parts = [];
    this.#kept = 0;
    this.#total = 0;
    return { bytes, total };
  }
}
