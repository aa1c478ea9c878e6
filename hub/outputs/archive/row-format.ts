/**
 * Rows of an archive object, as docs/ARCHITECTURE.md says: RFC 4180 CSV whose last columns are the fields that a pipeline found and the
 * record's bytes as they were.
 *
 * Everything before the position is the same for all records that a block has of one stream, so it is made once as bytes. A
 * record costs one copy of that prefix, the digits of its position, and its fields and raw bytes with each quote doubled. No string is made.
 */
import { encodingBytesMax } from '@tributary/protocol/limits.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import { recordFlags, type Block, type BlockStream } from '../../processing/block.ts';
import { encodingFlag } from './encoding-flag.ts';
import { HeldRanges, isIn } from './held-ranges.ts';

export const columns = [
  'received',
  'host',
  'agent',
  'stream',
  'source',
  'labels',
  'position',
  'ordinal',
  'flags',
  'event',
  'fields',
  'raw',
] as const;

export const headerRow: Buffer = Buffer.from(`${columns.join(',')}\n`);

const noneHeld = new HeldRanges();
/** What the output is called unless the configuration says otherwise. */
export const archiveNameDefault = 'archive';

const comma = 0x2c;
const quote = 0x22;
const newline = 0x0a;
/** Digits of position and ordinal, flags, event time, commas and quotes: the most they can take. */
const smallFieldsBytesMax = 96 + encodingBytesMax + 16;

/** Bytes of rows, growing, until they are taken as a frame. */
export class RowBuffer {
  #out: Buffer<ArrayBuffer>;
  #length = 0;
  #records = 0;
  #rawBytes = 0;

  constructor(capacity: number) {
    this.#out = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get records(): number {
    return this.#records;
  }

  get rawBytes(): number {
    return this.#rawBytes;
  }

  appendHeader(): void {
    this.#reserve(headerRow.length);
    this.#out.set(headerRow, this.#length);
    this.#length += headerRow.length;
  }

  /** Appends rows from `firstRecord` on until the buffer holds `bytesMax`; returns the first record that is not in it. */
  appendRows(rows: BlockRows, bytesMax: number): boolean {
    const { block } = rows;
    while (rows.next < block.records && this.#length < bytesMax) {
      if (rows.isLeftOut()) {
        rows.leaveOut();
        continue;
      }
      const rawLength = rows.rawLength();
      const prefix = rows.prefix();
      this.#reserve(prefix.length + smallFieldsBytesMax + 2 * (rows.fieldsLength() + rawLength));
      this.#length = writeRow(this.#out, this.#length, rows, prefix);
      this.#records += 1;
      this.#rawBytes += rawLength;
      rows.advance();
    }
    return rows.next === block.records;
  }

  /** The bytes so far, to be used before the next append; the buffer is empty then. */
  take(): Buffer<ArrayBuffer> {
    const taken = this.#out.subarray(0, this.#length);
    this.#length = 0;
    this.#records = 0;
    this.#rawBytes = 0;
    return taken;
  }

  #reserve(bytes: number): void {
    if (this.#out.length - this.#length >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#length + bytes));
    larger.set(this.#out.subarray(0, this.#length));
    this.#out = larger;
  }
}

/** Walks a block's records and knows each one's position. */
export class BlockRows {
  readonly block: Block;
  readonly #prefixes: readonly Buffer[];
  /** Per stream, the flags of a record by its bits in the block. */
  readonly #flags: readonly (readonly string[])[];
  readonly #counted: readonly boolean[];
  /** Per stream; undefined where nothing is held. */
  readonly #held: readonly ReturnType<HeldRanges['of']>[] | undefined;
  /** Per stream, where its previous record ended. */
  readonly #ends: Float64Array;
  /** Per route, whether its documents are for others only; undefined where none are. */
  readonly #others: readonly boolean[] | undefined;
  /** The raw of a record whose first document was left out: it belongs to the next one that is not. */
  #carried: CarriedRaw | undefined;
  /** Records that got no row. */
  leftOut = 0;
  /** Index of the record that is next. */
  next = 0;
  /** Where the next record's bytes begin in the block's raw, and its fields among the fields. */
  rawOffset = 0;
  fieldsOffset = 0;

  /** What is `held` in other objects has no row here, and what is not for this `output` neither. */
  constructor(block: Block, held: HeldRanges = noneHeld, output = archiveNameDefault) {
    this.#held = held.isEmpty ? undefined : block.streams.map(({ key }) => held.of(key));
    const others = block.routes.map(({ outputs }) => outputs?.includes(output) === false);
    this.#others = others.includes(true) ? others : undefined;
    this.block = block;
    const received = new Date(block.receivedMs).toISOString();
    this.#prefixes = block.streams.map((stream) => {
      return rowPrefix(stream.receivedMs === undefined ? received : new Date(stream.receivedMs).toISOString(), stream);
    });
    this.#flags = block.streams.map(({ attributes }) => flagsOf(encodingFlag(attributes.encoding)));
    this.#counted = block.streams.map((stream) => stream.attributes.counted);
    this.#ends = Float64Array.from(block.streams, (stream) => stream.from);
  }

  isLeftOut(): boolean {
    if (this.#others?.[this.block.columns.route?.[this.next] ?? 0] === true) return true;
    const ranges = this.#held?.[this.#stream()];
    return ranges !== undefined && ranges.length > 0 && isIn(ranges, this.position());
  }

  /** As `advance`, over a record that gets no row. */
  leaveOut(): void {
    this.leftOut += 1;
    const length = this.block.columns.length[this.next] ?? 0;
    if (length > 0) {
      const start = this.rawOffset;
      this.#carried = { stream: this.#stream(), position: this.position(), start, end: start + length };
    }
    this.advance();
  }

  rawLength(): number {
    const carried = this.#carriedHere();
    return carried === undefined ? (this.block.columns.length[this.next] ?? 0) : carried.end - carried.start;
  }

  /** Where the row's raw begins among the block's. */
  rawStart(): number {
    return this.#carriedHere()?.start ?? this.rawOffset;
  }

  prefix(): Buffer {
    return this.#prefixes[this.#stream()] ?? headerRow;
  }

  flags(): string {
    const bits = (this.block.columns.flags[this.next] ?? 0) & (recordFlags.partial | recordFlags.rawJson);
    return this.#flags[this.#stream()]?.[bits] ?? '';
  }

  fieldsLength(): number {
    return this.block.columns.fields?.[this.next] ?? 0;
  }

  position(): number {
    return (this.#ends[this.#stream()] ?? 0) + (this.block.columns.skipped[this.next] ?? 0);
  }

  advance(): void {
    const stream = this.#stream();
    const length = this.block.columns.length[this.next] ?? 0;
    // Only the first document that is kept of a record has its raw.
    if (this.#carried !== undefined && !this.isLeftOut()) this.#carried = undefined;
    this.#ends[stream] = this.position() + (this.#counted[stream] === true ? 1 : length);
    this.rawOffset += length;
    this.fieldsOffset += this.fieldsLength();
    this.next += 1;
  }

  #stream(): number {
    return this.block.columns.stream[this.next] ?? 0;
  }

  #carriedHere(): CarriedRaw | undefined {
    const carried = this.#carried;
    if (carried === undefined || (this.block.columns.ordinal[this.next] ?? 0) === 0) return undefined;
    return carried.stream === this.#stream() && carried.position === this.position() ? carried : undefined;
  }
}

interface CarriedRaw {
  readonly stream: number;
  readonly position: number;
  readonly start: number;
  readonly end: number;
}

/** `received,host,agent,stream,source,labels,` */
function rowPrefix(received: string, stream: BlockStream): Buffer {
  const { key, attributes, path } = stream;
  const fields = [received, field(attributes.host), key.agentId, key.streamId, field(path), field(labelsText(attributes))];
  return Buffer.from(`${fields.join(',')},`);
}

/** `json`: the fields are the JSON object that the raw column is. */
function flagsOf(encoding: string): readonly string[] {
  assert(recordFlags.partial === 1 && recordFlags.rawJson === 2, 'all of their sums are below');
  return [[], ['partial'], ['json'], ['partial', 'json']].map((words) =>
    [...(encoding === '' ? [] : [encoding]), ...words].join(' '),
  );
}

/** Labels with their keys in order, so that the same labels are the same bytes. */
function labelsText(attributes: StreamAttributes): string {
  const entries = Object.entries(attributes.labels).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return entries.length === 0 ? '' : JSON.stringify(Object.fromEntries(entries));
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function writeRow(out: Buffer, at: number, rows: BlockRows, prefix: Buffer): number {
  const { block } = rows;
  const { ordinal, event } = block.columns;
  let offset = at;
  out.set(prefix, offset);
  offset = writeNumber(out, offset + prefix.length, rows.position());
  out[offset++] = comma;
  offset = writeNumber(out, offset, ordinal[rows.next] ?? 0);
  out[offset++] = comma;
  const flags = rows.flags();
  if (flags !== '') offset += out.write(flags, offset, 'latin1');
  out[offset++] = comma;
  const eventMs = event?.[rows.next];
  if (eventMs !== undefined && !Number.isNaN(eventMs)) offset += out.write(new Date(eventMs).toISOString(), offset, 'latin1');
  out[offset++] = comma;
  const fieldsLength = rows.fieldsLength();
  if (fieldsLength > 0) {
    const { fieldsOffset: start } = rows;
    offset = writeQuoted(out, offset, { bytes: block.fields, start, end: start + fieldsLength });
  }
  out[offset++] = comma;
  const start = rows.rawStart();
  offset = writeQuoted(out, offset, { bytes: block.raw, start, end: start + rows.rawLength() });
  out[offset++] = newline;
  return offset;
}

/** One pass over the bytes: measured faster than looking for quotes and copying what lies between them. */
function writeQuoted(
  out: Buffer,
  at: number,
  raw: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
): number {
  const { bytes, start, end } = raw;
  let offset = at;
  out[offset++] = quote;
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    out[offset++] = byte;
    if (byte === quote) out[offset++] = quote;
  }
  out[offset++] = quote;
  return offset;
}

/** Decimal digits of a safe integer that is not negative. */
function writeNumber(out: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let power = 10; value >= power && digits < 16; power *= 10) digits += 1;
  let rest = value;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    const next = Math.floor(rest / 10);
    out[index] = 0x30 + (rest - next * 10);
    rest = next;
  }
  return at + digits;
}
