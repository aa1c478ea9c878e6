/**
 * The `block` format: what a back topic's entry holds. Documents in columns, so that a reader touches no string per record.
 *
 *   0   4 bytes   "TBLK"
 *   4   u32       version (1)
 *   8   u32       length of the first zstd frame
 *   12  u32       its length when inflated
 *   16  frame     zstd: the columns' part, below
 *       frame     zstd: raw, the records' bytes one after the other
 *
 * Raw is a frame of its own because where nothing was trimmed it is the batch's body as the agent compressed it: it goes on
 * unchanged, and half of a pipeline's work is not done a second time. The columns' part is, inflated:
 *
 *   0   u32       length of the header
 *   4   header    JSON: how many records, receive time, streams used, event-time range, list of columns, bytes of raw;
 *             `restored` where the documents were made again of archived lines
 *       columns   in the header's order, each beginning at a multiple of 8 and as long as the header says
 *
 * All numbers are little-endian. A column is `constant` (its value is in the header, it has no bytes) or an array of u8, u32 or f64.
 * A reader skips columns whose name it does not know; the version changes only when an older reader would read something wrong.
 *
 * Columns: `stream` index into the header's streams; `skipped` distance from where the previous record of that stream ended (for
 * the first: from the stream's `from`) to this record's position, more than none where something was lost or left out; `ordinal` number of the document within its record; `flags`
 * bits; `length` bytes of raw; `event` time in milliseconds, NaN where unknown (the column is absent where none is known). A
 * record ends `length` positions after its own where positions are bytes, 1 after it where they are counted. Documents that a pipeline
 * made of one record have its position, so of all but the first `skipped` is less than none, and they have no raw of their own.
 *
 * What a pipeline found: `fields` bytes of the document's fields, 0 where it has none or where they are its raw (a flag); `field_bytes`
 * these, JSON objects one after the other; `route` index into the header's routes, of which the first is everybody's. Absent where no
 * document has any.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { assert } from '@tributary/shared/assert.ts';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';

export const blockVersion = 1;

/** Bits of the `flags` column. `rawJson`: the document's fields are the JSON object that its raw is. */
export const recordFlags = { partial: 1, rawJson: 2 } as const;

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
  /** When the site received its batch, where that is not the block's time: a stream received at several times has a place for each. */
  readonly receivedMs?: number;
}

/**
 * Of documents that were made again of archived lines: whether the archive of this very log type has these lines already, and passes over
 * the block, or they are new to it.
 */
export interface BlockRestored {
  readonly isArchived: boolean;
}

/** Where a document goes within its topic's outputs: `outputs` names those that take it, all of them where it is not there. */
export interface BlockRoute {
  readonly index?: string;
  readonly outputs?: readonly string[];
}

export interface BlockColumns {
  readonly stream: Uint32Array;
  readonly skipped: Float64Array;
  readonly ordinal: Uint32Array;
  readonly flags: Uint8Array;
  readonly length: Uint32Array;
  readonly event: Float64Array | undefined;
  readonly fields?: Uint32Array | undefined;
  readonly route?: Uint32Array | undefined;
}

export interface Block {
  /** When the site received the batch that these documents came in; of several the first. */
  readonly receivedMs: number;
  readonly records: number;
  readonly streams: readonly BlockStream[];
  readonly eventMsMin: number | undefined;
  readonly eventMsMax: number | undefined;
  readonly columns: BlockColumns;
  readonly raw: Uint8Array;
  /** The documents' fields as JSON, one after the other, each as long as its `fields` says. */
  readonly fields: Uint8Array;
  /** What `route` means. */
  readonly routes: readonly BlockRoute[];
  /** Undefined of what came in as usual. */
  readonly restored?: BlockRestored | undefined;
}

export interface NewBlock {
  readonly receivedMs: number;
  readonly streams: readonly BlockStream[];
  readonly columns: BlockColumns;
  readonly raw: RawFrame;
  readonly fields?: Uint8Array;
  readonly routes?: readonly BlockRoute[];
  readonly restored?: BlockRestored | undefined;
}

/** Raw bytes as one zstd frame. */
export interface RawFrame {
  readonly compressed: Uint8Array;
  readonly inflatedBytes: number;
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
  readonly routes?: readonly BlockRoute[];
  readonly restored?: BlockRestored;
  readonly columns: readonly ColumnHeader[];
  readonly rawBytes: number;
}

type ColumnArray = Uint8Array | Uint32Array | Float64Array;

const columnNames = [
  'stream',
  'skipped',
  'ordinal',
  'flags',
  'length',
  'event',
  'fields',
  'route',
] as const satisfies (keyof BlockColumns)[];
/** As long as all fields together, where the others have a value per record. */
const fieldBytesName = 'field_bytes';
const everybody: readonly BlockRoute[] = [{}];
const noFields = new Uint8Array(0);

const magic = 0x4b4c4254; // "TBLK" read as a little-endian u32
const preludeBytes = 16;
const headerStart = 4;
/** Fast: the back topic is read soon and then deleted. */
const compressionLevel = 1;

assert(new Uint8Array(Uint32Array.of(1).buffer)[0] === 1, 'the machine is little-endian, as the block format is');

/** The body of a back topic's entry, and how long its frames are when inflated. */
export function encodeBlock(block: NewBlock): { readonly body: Uint8Array<ArrayBuffer>; readonly inflatedBytes: number } {
  const { raw } = block;
  const columns = layOutColumns(block);
  const compressed = compress(columns);
  // A buffer of its own length: the body goes from thread to thread, and a view would take its whole buffer along.
  const body = Buffer.allocUnsafeSlow(preludeBytes + compressed.length + raw.compressed.length);
  body.writeUInt32LE(magic, 0);
  body.writeUInt32LE(blockVersion, 4);
  body.writeUInt32LE(compressed.length, 8);
  body.writeUInt32LE(columns.length, 12);
  body.set(compressed, preludeBytes);
  body.set(raw.compressed, preludeBytes + compressed.length);
  const inflatedBytes = columns.length + raw.inflatedBytes;
  if (columns.buffer !== spareColumns.buffer) freeMemory(columns);
  return { body, inflatedBytes };
}

/** Raw bytes that are not a frame yet: what is left of a batch's body when parts of it were trimmed. */
export function rawFrame(parts: readonly Uint8Array[]): RawFrame {
  const raw = Buffer.concat(parts);
  return { compressed: compress(raw), inflatedBytes: raw.length };
}

/** Reads what `encodeBlock` made. `inflatedBytes` is the entry's: frames that inflate to another size are refused. */
export function decodeBlock(body: Uint8Array, inflatedBytes: number): Block {
  const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (view.length < preludeBytes || view.readUInt32LE(0) !== magic) throw new BlockError('not a block: the first bytes differ');
  const version = view.readUInt32LE(4);
  if (version !== blockVersion) throw new BlockError(`block version ${version} is not known here, only ${blockVersion}`);
  const rawStart = preludeBytes + view.readUInt32LE(8);
  const columnBytes = view.readUInt32LE(12);
  if (rawStart > view.length || columnBytes > inflatedBytes) throw new BlockError('the columns are longer than the block');
  const columns = inflate(view.subarray(preludeBytes, rawStart), columnBytes);
  return readColumns(columns, inflate(view.subarray(rawStart), inflatedBytes - columnBytes));
}

function compress(bytes: Uint8Array): Buffer<ArrayBuffer> {
  return zstdCompressSync(bytes, {
    chunkSize: Math.max(4096, bytes.length >> 2),
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: compressionLevel, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

function inflate(frame: Uint8Array, inflatedBytes: number): Buffer<ArrayBuffer> {
  let inflated: Buffer<ArrayBuffer>;
  try {
    inflated = zstdDecompressSync(frame, { chunkSize: inflatedBytes + 64, maxOutputLength: Math.max(inflatedBytes, 1) });
  } catch (error) {
    throw new BlockError(`a frame does not inflate to its ${inflatedBytes} bytes`, { cause: error });
  }
  if (inflated.length !== inflatedBytes) {
    throw new BlockError(`a frame inflates to ${inflated.length} bytes instead of ${inflatedBytes}`);
  }
  return inflated;
}

function layOutColumns(block: NewBlock): Buffer<ArrayBuffer> {
  const { columns, raw, streams, receivedMs, fields = noFields, routes, restored } = block;
  const records = columns.length.length;
  const stored: { readonly header: ColumnHeader; readonly data: ColumnArray | undefined }[] = [];
  for (const name of columnNames) {
    const data = columns[name];
    if (data === undefined) continue;
    assert(data.length === records, `column ${name} has a value per record`);
    stored.push(storedColumn(name, data));
  }
  if (fields.length > 0) stored.push({ header: { name: fieldBytesName, encoding: 'u8', bytes: fields.length }, data: fields });
  const header: BlockHeader = {
    records,
    receivedMs,
    ...eventRange(columns.event),
    streams,
    ...(routes !== undefined && { routes }),
    ...(restored !== undefined && { restored }),
    columns: stored.map((column) => column.header),
    rawBytes: raw.inflatedBytes,
  };
  const headerText = Buffer.from(JSON.stringify(header));
  const headerEnd = headerStart + headerText.length;
  const size = stored.reduce((end, column) => aligned(end + column.header.bytes), aligned(headerEnd));
  const out = layOutMemory(size);
  out.writeUInt32LE(headerText.length, 0);
  out.set(headerText, headerStart);
  let offset = pad(out, headerEnd);
  for (const { header: column, data } of stored) {
    if (data !== undefined) out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset = pad(out, offset + column.bytes);
  }
  assert(offset === out.length, 'the block is as long as its parts');
  return out;
}

/** Zeroes, so that the same documents always make the same bytes. Returns where what follows begins. */
function pad(out: Uint8Array, end: number): number {
  const next = aligned(end);
  out.fill(0, end, next);
  return next;
}

let spareColumns = Buffer.alloc(0);
const spareBytesMax = 8 * 1024 * 1024;

/** Of which nothing is known. Columns are compressed at once, so that all blocks are laid out in the same memory, one after the other. */
function layOutMemory(bytes: number): Buffer<ArrayBuffer> {
  if (bytes > spareBytesMax) return Buffer.allocUnsafeSlow(bytes);
  if (bytes > spareColumns.length) spareColumns = Buffer.allocUnsafeSlow(bytes + (bytes >> 2));
  return spareColumns.subarray(0, bytes);
}

/** A column whose values are all the same is written as that value; of the positions' gaps that is nearly every one. */
function storedColumn(name: string, data: ColumnArray): { header: ColumnHeader; data: ColumnArray | undefined } {
  const value = data[0] ?? 0;
  if (isConstant(data, value)) return { header: { name, encoding: 'constant', bytes: 0, value }, data: undefined };
  const encoding = data instanceof Uint8Array ? 'u8' : data instanceof Uint32Array ? 'u32' : 'f64';
  return { header: { name, encoding, bytes: data.byteLength }, data };
}

function isConstant(data: ColumnArray, value: number): boolean {
  for (let index = 0; index < data.length; index += 1) if (data[index] !== value) return false;
  return true;
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

function readColumns(inflated: Buffer<ArrayBuffer>, raw: Uint8Array): Block {
  if (inflated.length < headerStart) throw new BlockError('the block has no header');
  const headerEnd = headerStart + inflated.readUInt32LE(0);
  if (headerEnd > inflated.length) throw new BlockError('the header is longer than the block');
  const header = readHeader(inflated.subarray(headerStart, headerEnd));
  const found = new Map<string, ColumnArray | number>();
  let offset = aligned(headerEnd);
  for (const column of header.columns) {
    const end = offset + column.bytes;
    if (end > inflated.length) throw new BlockError(`column ${column.name} ends behind the block`);
    found.set(column.name, column.encoding === 'constant' ? (column.value ?? 0) : arrayOf(inflated, { ...column, offset }));
    offset = aligned(end);
  }
  if (header.rawBytes !== raw.length)
    throw new BlockError(`the header says ${header.rawBytes} bytes of raw, there are ${raw.length}`);
  const block: Block = {
    receivedMs: header.receivedMs,
    records: header.records,
    streams: header.streams,
    eventMsMin: header.eventMsMin,
    eventMsMax: header.eventMsMax,
    columns: columnsOf(found, header.records),
    raw,
    fields: fieldsOf(found),
    routes: header.routes ?? everybody,
    restored: header.restored,
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
    fields: found.has('fields') ? column('fields', Uint32Array) : undefined,
    route: found.has('route') ? column('route', Uint32Array) : undefined,
  };
}

function fieldsOf(found: ReadonlyMap<string, ColumnArray | number>): Uint8Array {
  const bytes = found.get(fieldBytesName) ?? noFields;
  if (!(bytes instanceof Uint8Array)) throw new BlockError(`column ${fieldBytesName} holds no bytes`);
  return bytes;
}

/** The other half of the pair: what was true when the block was written is true when it is read. */
function checkBlock(block: Block): void {
  let sum = 0;
  for (const length of block.columns.length) sum += length;
  if (sum !== block.raw.length) throw new BlockError(`the records have ${sum} bytes, the block ${block.raw.length}`);
  let fieldBytes = 0;
  for (const length of block.columns.fields ?? noFields) fieldBytes += length;
  if (fieldBytes !== block.fields.length)
    throw new BlockError(`the documents have ${fieldBytes} bytes of fields, the block ${block.fields.length}`);
  const routes = block.routes.length;
  if (block.columns.route?.every((route) => route < routes) === false)
    throw new BlockError('a document names a route that is not there');
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
