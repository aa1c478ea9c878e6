/**
 * The `block` format: what a back topic's entry holds. Documents in columns, so that a reader touches no string per record.
 *
 * The entry's body is one zstd frame (block-codec in `encodeBlock`/`decodeBlock`) around:
 *
 *   0   4 bytes   "TBLK"
 *   4   u32       version (1)
 *   8   u32       length of the header
 *   12  u32       zero
 *   16  header    JSON: how many records, receive time, streams used, event-time range, list of columns, bytes of raw
 *       columns   in the header's order, each beginning at a multiple of 8 and as long as the header says
 *       raw       the records' bytes one after the other, beginning at a multiple of 8
 *
 * All numbers are little-endian. A column is `constant` (its value is in the header, it has no bytes) or an array of u8, u32 or f64.
 * A reader skips columns whose name it does not know, so a later version of the hub can add `fields` without a new version here;
 * the version changes only when an older reader would read something wrong.
 *
 * Columns: `stream` index into the header's streams; `skipped` distance from where the previous record of that stream ended (for
 * the first: from the stream's `from`) to this record's position; `ordinal` number of the document within its record; `flags`
 * bits; `length` bytes of raw; `event` time in milliseconds, NaN where unknown (the column is absent where none is known). A
 * record ends `length` positions after its own where positions are bytes, 1 after it where they are counted.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { assert } from '@tributary/shared/assert.ts';
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';

export const blockVersion = 1;

/** Bits of the `flags` column. */
export const recordFlags = { partial: 1 } as const;

/** A block that cannot be read: damaged, or of a version this program does not know. */
export class BlockError extends Error {
  override readonly name = 'BlockError';
  readonly code = 'BLOCK_UNREADABLE';
}

export interface BlockStream {
  readonly key: StreamKey;
  readonly attributes: StreamAttributes;
  readonly path: string;
  /** Position from which the first record's `skipped` counts. */
  readonly from: number;
}

export interface BlockColumns {
  readonly stream: Uint32Array;
  readonly skipped: Float64Array;
  readonly ordinal: Uint32Array;
  readonly flags: Uint8Array;
  readonly length: Uint32Array;
  readonly event: Float64Array | undefined;
}

export interface Block {
  /** When the site received the batch that these documents came in. */
  readonly receivedMs: number;
  readonly records: number;
  readonly streams: readonly BlockStream[];
  readonly eventMsMin: number | undefined;
  readonly eventMsMax: number | undefined;
  readonly columns: BlockColumns;
  readonly raw: Uint8Array;
}

export interface NewBlock {
  readonly receivedMs: number;
  readonly streams: readonly BlockStream[];
  readonly columns: BlockColumns;
  /** Parts of the raw bytes, in order: what is contiguous in the batch stays so and is copied once. */
  readonly raw: readonly Uint8Array[];
}

type ColumnEncoding = 'constant' | 'u8' | 'u32' | 'f64';

interface ColumnHeader {
  readonly name: string;
  readonly encoding: ColumnEncoding;
  readonly bytes: number;
  readonly value?: number;
}

interface BlockHeader {
  readonly records: number;
  readonly receivedMs: number;
  readonly eventMsMin?: number;
  readonly eventMsMax?: number;
  readonly streams: readonly BlockStream[];
  readonly columns: readonly ColumnHeader[];
  readonly rawBytes: number;
}

type ColumnArray = Uint8Array | Uint32Array | Float64Array;

const columnNames = ['stream', 'skipped', 'ordinal', 'flags', 'length', 'event'] as const satisfies (keyof BlockColumns)[];

const magic = 0x4b4c4254; // "TBLK" read as a little-endian u32
const preludeBytes = 16;
/** The fastest level whose size is within a few percent of the others for logs; the back topic is read soon and then deleted. */
const compressionLevel = 1;

assert(new Uint8Array(Uint32Array.of(1).buffer)[0] === 1, 'the machine is little-endian, as the block format is');

/** The body of a back topic's entry, and how long it is when inflated. */
export function encodeBlock(block: NewBlock): { readonly body: Uint8Array<ArrayBuffer>; readonly inflatedBytes: number } {
  const inflated = layOut(block);
  const compressed = zstdCompressSync(inflated, {
    chunkSize: Math.max(64 * 1024, inflated.length >> 2),
    pledgedSrcSize: inflated.length,
    params: { [constants.ZSTD_c_compressionLevel]: compressionLevel, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  // A copy of its own length: the body goes from thread to thread, and a view would take its whole buffer along.
  return { body: new Uint8Array(compressed), inflatedBytes: inflated.length };
}

/** Reads what `encodeBlock` made. `inflatedBytes` is the entry's: a body that inflates to another size is refused. */
export function decodeBlock(body: Uint8Array, inflatedBytes: number): Block {
  let inflated: Buffer<ArrayBuffer>;
  try {
    inflated = zstdDecompressSync(body, { chunkSize: inflatedBytes + 64, maxOutputLength: Math.max(inflatedBytes, 1) });
  } catch (error) {
    throw new BlockError(`the block does not inflate to its ${inflatedBytes} bytes`, { cause: error });
  }
  if (inflated.length !== inflatedBytes) {
    throw new BlockError(`the block inflates to ${inflated.length} bytes instead of ${inflatedBytes}`);
  }
  return readLayout(inflated);
}

function layOut(block: NewBlock): Buffer<ArrayBuffer> {
  const { columns, raw, streams, receivedMs } = block;
  const records = columns.length.length;
  const rawBytes = raw.reduce((sum, part) => sum + part.length, 0);
  const stored: { readonly header: ColumnHeader; readonly data: ColumnArray | undefined }[] = [];
  for (const name of columnNames) {
    const data = columns[name];
    if (data === undefined) continue;
    assert(data.length === records, `column ${name} has a value per record`);
    stored.push(storedColumn(name, data));
  }
  const header: BlockHeader = {
    records,
    receivedMs,
    ...eventRange(columns.event),
    streams,
    columns: stored.map((column) => column.header),
    rawBytes,
  };
  const headerText = Buffer.from(JSON.stringify(header));
  let size = aligned(preludeBytes + headerText.length);
  for (const { header: column } of stored) size = aligned(size + column.bytes);
  const out = Buffer.allocUnsafeSlow(size + rawBytes);
  out.writeUInt32LE(magic, 0);
  out.writeUInt32LE(blockVersion, 4);
  out.writeUInt32LE(headerText.length, 8);
  out.writeUInt32LE(0, 12);
  out.set(headerText, preludeBytes);
  let offset = zeroTo(out, preludeBytes + headerText.length);
  for (const { header: column, data } of stored) {
    if (data !== undefined) out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset = zeroTo(out, offset + column.bytes);
  }
  for (const part of raw) {
    out.set(part, offset);
    offset += part.length;
  }
  assert(offset === out.length, 'the block is as long as its parts');
  return out;
}

/** A column whose values are all the same is written as that value; of the positions' gaps that is nearly every one. */
function storedColumn(name: string, data: ColumnArray): { header: ColumnHeader; data: ColumnArray | undefined } {
  const value = data[0] ?? 0;
  if (data.every((other) => other === value)) return { header: { name, encoding: 'constant', bytes: 0, value }, data: undefined };
  const encoding = data instanceof Uint8Array ? 'u8' : data instanceof Uint32Array ? 'u32' : 'f64';
  return { header: { name, encoding, bytes: data.byteLength }, data };
}

function eventRange(event: Float64Array | undefined): { eventMsMin?: number; eventMsMax?: number } {
  if (event === undefined) return {};
  let min = Infinity;
  let max = -Infinity;
  for (const time of event) {
    if (time < min) min = time;
    if (time > max) max = time;
  }
  return min <= max ? { eventMsMin: min, eventMsMax: max } : {};
}

function readLayout(inflated: Buffer<ArrayBuffer>): Block {
  if (inflated.length < preludeBytes || inflated.readUInt32LE(0) !== magic)
    throw new BlockError('not a block: the first bytes differ');
  const version = inflated.readUInt32LE(4);
  if (version !== blockVersion) throw new BlockError(`block version ${version} is not known here, only ${blockVersion}`);
  const headerEnd = preludeBytes + inflated.readUInt32LE(8);
  if (headerEnd > inflated.length) throw new BlockError('the header is longer than the block');
  const header = readHeader(inflated.subarray(preludeBytes, headerEnd));
  const found = new Map<string, ColumnArray | number>();
  let offset = aligned(headerEnd);
  for (const column of header.columns) {
    const end = offset + column.bytes;
    if (end > inflated.length) throw new BlockError(`column ${column.name} ends behind the block`);
    found.set(column.name, column.encoding === 'constant' ? (column.value ?? 0) : arrayOf(inflated, { ...column, offset }));
    offset = aligned(end);
  }
  if (offset + header.rawBytes !== inflated.length) throw new BlockError('the raw bytes do not end where the block does');
  const block: Block = {
    receivedMs: header.receivedMs,
    records: header.records,
    streams: header.streams,
    eventMsMin: header.eventMsMin,
    eventMsMax: header.eventMsMax,
    columns: columnsOf(found, header.records),
    raw: inflated.subarray(offset),
  };
  checkBlock(block);
  return block;
}

function readHeader(bytes: Buffer): BlockHeader {
  try {
    const header: BlockHeader = JSON.parse(bytes.toString('utf8'));
    return header;
  } catch (error) {
    throw new BlockError('the header is not JSON', { cause: error });
  }
}

function columnsOf(found: ReadonlyMap<string, ColumnArray | number>, records: number): BlockColumns {
  const column = <Column extends ColumnArray>(name: string, make: new (size: number) => Column): Column => {
    const value = found.get(name);
    if (value === undefined) throw new BlockError(`column ${name} is missing`);
    if (typeof value === 'number') {
      const filled = new make(records);
      if (value !== 0) filled.fill(value);
      return filled;
    }
    if (!(value instanceof make) || value.length !== records) throw new BlockError(`column ${name} does not fit its records`);
    return value;
  };
  return {
    stream: column('stream', Uint32Array),
    skipped: column('skipped', Float64Array),
    ordinal: column('ordinal', Uint32Array),
    flags: column('flags', Uint8Array),
    length: column('length', Uint32Array),
    event: found.has('event') ? column('event', Float64Array) : undefined,
  };
}

/** The other half of the pair: what was true when the block was written is true when it is read. */
function checkBlock(block: Block): void {
  let sum = 0;
  for (const length of block.columns.length) sum += length;
  if (sum !== block.raw.length) throw new BlockError(`the records have ${sum} bytes, the block ${block.raw.length}`);
  const streams = block.streams.length;
  if (!block.columns.stream.every((stream) => stream < streams))
    throw new BlockError('a record names a stream that is not there');
}

function arrayOf(inflated: Buffer<ArrayBuffer>, column: ColumnHeader & { readonly offset: number }): ColumnArray {
  const start = inflated.byteOffset + column.offset;
  const buffer = start % 8 === 0 ? inflated.buffer : inflated.buffer.slice(start, start + column.bytes);
  const at = start % 8 === 0 ? start : 0;
  if (column.encoding === 'u8') return new Uint8Array(buffer, at, column.bytes);
  if (column.encoding === 'u32') return new Uint32Array(buffer, at, column.bytes >> 2);
  return new Float64Array(buffer, at, column.bytes >> 3);
}

function aligned(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}

/** Zeroes the padding, so that the same documents always make the same bytes. */
function zeroTo(out: Uint8Array, offset: number): number {
  const end = Math.min(aligned(offset), out.length);
  out.fill(0, offset, end);
  return aligned(offset);
}
