/**
 * A chunk: the series of one subject over a fixed number of steps.
 *
 *   u8   version (1)
 *   u8   number of series
 *   per series: u8 index into `seriesNames`; or 255, u8 length of a name, and the name
 *   u16  steps, little-endian
 *   zstd: of all series after each other the low bytes of their differences, then the high bytes
 *
 * A value is kept as 16 bits of its float: nothing is negative, so the sign is left out, and eight bits after the point are 0.2 % exact at
 * worst; whole numbers up to 512 stay as they are. A step's difference is to the step before it, in these codes, so that a value that
 * stays is a run of zeros. 65535 is a step of which nothing is known.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { isSeriesName, seriesNames } from '../series.ts';

export const unknownCode = 0xff_ff;
const version = 1;
const namedSeries = 255;
const droppedBits = 15;
const roundUp = 1 << (droppedBits - 1);
const greatestCode = 0x7f_7f_ff_ff >>> droppedBits;
const payloadBytesMax = 4 * 1024 * 1024;

/** Codes by series, each as long as the chunk has steps. */
export type Columns = Map<string, Uint16Array<ArrayBuffer>>;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

export function codeOf(value: number): number {
  float[0] = Math.max(0, value);
  return Math.min(greatestCode, ((bits[0] ?? 0) + roundUp) >>> droppedBits);
}

/** NaN: nothing is known. */
export function valueOf(code: number): number {
  if (code === unknownCode) return Number.NaN;
  bits[0] = code << droppedBits;
  return float[0] ?? Number.NaN;
}

export function unknownColumn(steps: number): Uint16Array<ArrayBuffer> {
  return new Uint16Array(steps).fill(unknownCode);
}

export function encodeChunk(columns: Columns, steps: number): Buffer<ArrayBuffer> {
  const names = [...columns.keys()].slice(0, namedSeries);
  const heads = names.map((name) => {
    if (isSeriesName(name)) return Buffer.from([seriesNames.indexOf(name)]);
    const text = Buffer.from(name).subarray(0, 255);
    return Buffer.concat([Buffer.from([namedSeries, text.length]), text]);
  });
  const payload = Buffer.alloc(names.length * steps * 2);
  const high = names.length * steps;
  let at = 0;
  for (const name of names) {
    const column = columns.get(name);
    let before = 0;
    for (let step = 0; step < steps; step += 1) {
      const code = column?.[step] ?? unknownCode;
      const difference = ((code - before) << 16) >> 16;
      const folded = (difference << 1) ^ (difference >> 31);
      payload[at] = folded & 0xff;
      payload[high + at] = (folded >>> 8) & 0xff;
      before = code;
      at += 1;
    }
  }
  const length = Buffer.alloc(2);
  length.writeUInt16LE(steps);
  const compressed = zstdCompressSync(payload, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  return Buffer.concat([Buffer.from([version, names.length]), ...heads, length, compressed]);
}

/** Undefined: it is damaged, or of a later version. */
export function decodeChunk(chunk: Uint8Array): Columns | undefined {
  try {
    return decode(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  } catch {
    return undefined;
  }
}

function decode(chunk: Buffer): Columns | undefined {
  if (chunk.readUInt8(0) !== version) return undefined;
  let place = 2;
  const names = Array.from({ length: chunk.readUInt8(1) }, () => {
    const index = chunk.readUInt8(place);
    place += 1;
    if (index !== namedSeries) return seriesNames[index] ?? '';
    const end = place + 1 + chunk.readUInt8(place);
    const name = chunk.toString('utf8', place + 1, end);
    place = end;
    return name;
  });
  const steps = chunk.readUInt16LE(place);
  const payload = zstdDecompressSync(chunk.subarray(place + 2), { maxOutputLength: payloadBytesMax });
  const high = names.length * steps;
  if (payload.length !== high * 2) return undefined;
  const columns: Columns = new Map();
  let at = 0;
  for (const name of names) {
    const column = new Uint16Array(steps);
    let code = 0;
    for (let step = 0; step < steps; step += 1) {
      const folded = (payload[at] ?? 0) | ((payload[high + at] ?? 0) << 8);
      code = (code + ((folded >>> 1) ^ -(folded & 1))) & 0xff_ff;
      column[step] = code;
      at += 1;
    }
    if (name !== '') columns.set(name, column);
  }
  return columns;
}

/** What is known of `over` takes the place of what `under` has. */
export function merged(under: Columns, over: Columns): Columns {
  const columns: Columns = new Map(under);
  for (const [name, column] of over) {
    const below = under.get(name);
    columns.set(
      name,
      below === undefined ? column : column.map((code, step) => (code === unknownCode ? (below[step] ?? code) : code)),
    );
  }
  return columns;
}
