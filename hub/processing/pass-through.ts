/**
 * The pass-through pipeline: batches become a block whose documents are the records as they were, with their stream's attributes.
 */
import { constants, zstdDecompressSync } from 'node:zlib';
import { keptRanges } from '@tributary/protocol/trims.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { BatchEntry, KeptPart, Processed, ProcessedBlock, RejectedBatch } from './batch-entry.ts';
import { encodeBlock, rawFrame, type BlockColumns, type BlockStream, type RawFrame } from './block.ts';
import { inflatedBytesMax, recordsMax, zstdWindowLogMax } from './limits.ts';
import { BatchError, RecordColumns, splitSegment } from './split-records.ts';

/**
 * Makes one block of batches that follow each other, whatever each of them is. Never throws for what a sender could have caused: that
 * batch is rejected with the reason, alone.
 */
export function passThrough(entries: readonly BatchEntry[]): Processed {
  const rejected: RejectedBatch[] = [];
  const bodies = entries.map((entry, index) => readable(entry, (reason) => rejected.push({ entry: index, reason })));
  const records = new RecordColumns(
    entries.reduce((sum, entry, index) => sum + (bodies[index] === undefined ? 0 : entry.records), 0),
  );
  const builder = new BlockBuilder(entries);
  for (const [index, body] of bodies.entries()) {
    const entry = entries[index];
    if (body === undefined || entry === undefined) continue;
    const before = records.records;
    try {
      builder.add(partsOf(entry, { index, body, records }));
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      records.cutOff(before);
      rejected.push({ entry: index, reason: error.message });
    }
  }
  rejected.sort((one, other) => one.entry - other.entry);
  return { block: builder.isEmpty ? undefined : builder.finish(records), rejected };
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

function partsOf(entry: BatchEntry, { index, body, records }: Splitting): Addition[] {
  const additions: Addition[] = [];
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
      chunkSize: inflatedBytes + 64,
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

interface Addition {
  readonly part: KeptPart;
  readonly raw: Uint8Array;
  readonly firstRecord: number;
  /** Where its last record ends. */
  readonly end: number;
}

/** Collects the kept parts and gives every stream one place in the block, also when several segments are of the same one. */
class BlockBuilder {
  readonly #entries: readonly BatchEntry[];
  readonly #additions: Addition[] = [];

  constructor(entries: readonly BatchEntry[]) {
    this.#entries = entries;
  }

  get isEmpty(): boolean {
    return this.#additions.length === 0;
  }

  add(additions: readonly Addition[]): void {
    for (const addition of additions) this.#additions.push(addition);
  }

  finish(found: RecordColumns): ProcessedBlock {
    const { records } = found;
    const columns: BlockColumns = {
      stream: new Uint32Array(records),
      skipped: found.skipped.subarray(0, records),
      ordinal: new Uint32Array(records),
      flags: found.flags.subarray(0, records),
      length: found.lengths.subarray(0, records),
      event: undefined,
    };
    const receivedMs = this.#entries[0]?.receivedMs ?? 0;
    const streams = this.#placeStreams(columns, receivedMs);
    const { body, inflatedBytes } = encodeBlock({ receivedMs, streams, columns, raw: this.#raw() });
    return { body, inflatedBytes, records, kept: this.#additions.map((addition) => addition.part) };
  }

  /** The body of a batch that is alone where all of it is kept: it goes on as the agent compressed it. */
  #raw(): RawFrame {
    const [entry, ...others] = this.#entries;
    const kept = this.#additions.reduce((sum, { raw }) => sum + raw.length, 0);
    if (entry !== undefined && others.length === 0 && kept === entry.inflatedBytes)
      return { compressed: entry.body, inflatedBytes: kept };
    return rawFrame(this.#additions.map((addition) => addition.raw));
  }

  #placeStreams(columns: BlockColumns, blockReceivedMs: number): BlockStream[] {
    const streams: BlockStream[] = [];
    const places = new Map<string, { readonly index: number; end: number }>();
    for (const { part, firstRecord, end } of this.#additions) {
      // Nothing but drops: positions that the entry's segments tell, and no document.
      if (part.records === 0) continue;
      const entry = this.#entries[part.entry];
      const segment = entry?.segments[part.segment];
      assert(entry !== undefined && segment !== undefined, 'a part is one of an entry that was given');
      const { receivedMs } = entry;
      const { key, attributes, identity } = segment.stream;
      const name = `${key.siteId}/${key.agentId}/${key.streamId}/${receivedMs}/${attributes.host}`;
      let place = places.get(name);
      if (place === undefined) {
        place = { index: streams.length, end: part.from };
        places.set(name, place);
        const ownReceivedMs = receivedMs === blockReceivedMs ? {} : { receivedMs };
        streams.push({ key, attributes, path: identity.path, from: part.from, ...ownReceivedMs });
      }
      columns.stream.fill(place.index, firstRecord, firstRecord + part.records);
      columns.skipped[firstRecord] = (columns.skipped[firstRecord] ?? 0) + part.from - place.end;
      place.end = end;
    }
    return streams;
  }
}
