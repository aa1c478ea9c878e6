/** Batches as their records: inflated, checked, and found record by record, each with its position. */
import { constants, zstdDecompressSync } from 'node:zlib';
import { crashPointIn } from '@tributary/shared/crash-point.ts';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import { keptRanges } from '@tributary/protocol/trims.ts';
import type { BatchEntry, KeptPart, RejectedBatch } from './batch-entry.ts';
import { inflatedBytesMax, recordsMax, zstdWindowLogMax } from './limits.ts';
import { BatchError, RecordColumns, splitSegment } from './split-records.ts';

/** The kept records of one segment. */
export interface BatchPart {
  readonly part: KeptPart;
  /** Their bytes, one record after the other. */
  readonly raw: Buffer<ArrayBuffer>;
  /** Index of the first one in the columns. */
  readonly firstRecord: number;
  /** Where its last record ends. */
  readonly end: number;
}

export interface OpenBatches {
  readonly parts: readonly BatchPart[];
  readonly records: RecordColumns;
  readonly rejected: readonly RejectedBatch[];
  /** Gives back the memory of all bodies: to be called once, when nobody looks at a record's bytes any more. */
  readonly free: () => void;
}

/** Room behind what is inflated, or zlib would ask for another piece when the first is full. */
const spareBytes = 64;

/** Never throws for what a sender could have caused: that batch is rejected with the reason, alone. */
export function openBatches(entries: readonly BatchEntry[]): OpenBatches {
  const rejected: RejectedBatch[] = [];
  const bodies = entries.map((entry, index) => readable(entry, (reason) => rejected.push({ entry: index, reason })));
  const records = new RecordColumns(
    entries.reduce((sum, entry, index) => sum + (bodies[index] === undefined ? 0 : entry.records), 0),
  );
  const parts: BatchPart[] = [];
  for (const [index, body] of bodies.entries()) {
    const entry = entries[index];
    if (body === undefined || entry === undefined) continue;
    crashPointIn('hub.pipeline.body', body);
    const before = records.records;
    try {
      parts.push(...partsOf(entry, { index, body, records }));
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      records.cutOff(before);
      rejected.push({ entry: index, reason: error.message });
    }
  }
  rejected.sort((one, other) => one.entry - other.entry);
  const free = (): void => {
    for (const body of bodies) if (body !== undefined) freeMemory(body, spareBytes);
  };
  return { parts, records, rejected, free };
}

/** The inflated body; undefined where it was rejected. */
function readable(entry: BatchEntry, reject: (reason: string) => void): Buffer<ArrayBuffer> | undefined {
  try {
    checkFigures(entry);
    return inflate(entry);
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    reject(error.message);
    return undefined;
  }
}

interface Splitting {
  /** Of the entry. */
  readonly index: number;
  readonly body: Buffer<ArrayBuffer>;
  readonly records: RecordColumns;
}

function partsOf(entry: BatchEntry, { index, body, records }: Splitting): BatchPart[] {
  const additions: BatchPart[] = [];
  const ranges = keptRanges(entry.segments, entry.trims);
  let offset = 0;
  for (const [segmentIndex, segment] of entry.segments.entries()) {
    const bytes = body.subarray(offset, offset + segment.bytes);
    const firstRecord = records.records;
    const range = ranges[segmentIndex] ?? segment;
    const { from, to } = range;
    const kept = splitSegment(bytes, segment, range, records);
    offset += segment.bytes;
    if (from === to) continue;
    const figures = { records: kept.records, bytes: kept.byteEnd - kept.byteOffset };
    const raw = bytes.subarray(kept.byteOffset, kept.byteEnd);
    additions.push({ part: { entry: index, segment: segmentIndex, from, to, ...figures }, raw, firstRecord, end: kept.end });
  }
  return additions;
}

/** The figures bound what is allocated, so they are checked before anything is. */
function checkFigures(entry: BatchEntry): void {
  const { inflatedBytes, records, segments } = entry;
  if (inflatedBytes > inflatedBytesMax)
    throw new BatchError(`the batch inflates to ${inflatedBytes} bytes, over ${inflatedBytesMax}`);
  if (records > recordsMax) throw new BatchError(`the batch declares ${records} records, over ${recordsMax}`);
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  if (bytes !== inflatedBytes) throw new BatchError(`the segments have ${bytes} bytes, the batch ${inflatedBytes}`);
  const counted = segments.reduce((sum, segment) => sum + segment.records, 0);
  if (counted !== records) throw new BatchError(`the segments have ${counted} records, the batch ${records}`);
}

function inflate(entry: BatchEntry): Buffer<ArrayBuffer> {
  const { inflatedBytes } = entry;
  let body: Buffer<ArrayBuffer>;
  try {
    body = zstdDecompressSync(entry.body, {
      chunkSize: inflatedBytes + spareBytes,
      maxOutputLength: Math.max(inflatedBytes, 1),
      params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax },
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new BatchError(`the body inflates to more than its ${inflatedBytes} bytes`);
    throw new BatchError(`the body is not readable zstd (${code})`, { cause: error });
  }
  if (body.length !== inflatedBytes)
    throw new BatchError(`the body inflates to ${body.length} bytes instead of ${inflatedBytes}`);
  return body;
}
