/**
 * The pass-through pipeline: a batch becomes a block whose documents are the records as they were, with their stream's attributes.
 */
import { constants, zstdDecompressSync } from 'node:zlib';
import { keptRanges } from '@tributary/protocol/trims.ts';
import { type BatchEntry, type KeptPart, type Processed } from './batch-entry.ts';
import { encodeBlock, rawFrame, type BlockColumns, type BlockStream, type RawFrame } from './block.ts';
import { inflatedBytesMax, recordsMax, zstdWindowLogMax } from './limits.ts';
import { BatchError, RecordColumns, splitSegment } from './split-records.ts';

/** Never throws for what a sender could have caused: that is `rejected`, with the reason. */
export function passThrough(entry: BatchEntry): Processed {
  try {
    return toBlock(entry);
  } catch (error) {
    if (error instanceof BatchError) return { kind: 'rejected', reason: error.message };
    throw error;
  }
}

function toBlock(entry: BatchEntry): Processed {
  checkFigures(entry);
  const body = inflate(entry);
  const records = new RecordColumns(entry.records);
  const builder = new BlockBuilder(entry);
  const ranges = keptRanges(entry.segments, entry.trims);
  let offset = 0;
  for (const [index, segment] of entry.segments.entries()) {
    const bytes = body.subarray(offset, offset + segment.bytes);
    const before = records.records;
    const range = ranges[index] ?? segment;
    const kept = splitSegment(bytes, segment, range, records);
    offset += segment.bytes;
    if (range.from === range.to) continue;
    builder.add({
      part: { segment: index, from: range.from, to: range.to, records: kept.records, bytes: kept.byteEnd - kept.byteOffset },
      raw: bytes.subarray(kept.byteOffset, kept.byteEnd),
      firstRecord: before,
      end: kept.end,
    });
  }
  if (builder.isEmpty) return { kind: 'nothing' };
  return builder.finish(records);
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
  readonly #entry: BatchEntry;
  readonly #additions: Addition[] = [];

  constructor(entry: BatchEntry) {
    this.#entry = entry;
  }

  get isEmpty(): boolean {
    return this.#additions.length === 0;
  }

  add(addition: Addition): void {
    this.#additions.push(addition);
  }

  finish(found: RecordColumns): Processed {
    const { records } = found;
    const columns: BlockColumns = {
      stream: new Uint32Array(records),
      skipped: found.skipped.subarray(0, records),
      ordinal: new Uint32Array(records),
      flags: found.flags.subarray(0, records),
      length: found.lengths.subarray(0, records),
      event: undefined,
    };
    const streams = this.#placeStreams(columns);
    const raw = this.#raw();
    const { body, inflatedBytes } = encodeBlock({ receivedMs: this.#entry.receivedMs, streams, columns, raw });
    return { kind: 'block', body, inflatedBytes, records, kept: this.#additions.map((addition) => addition.part) };
  }

  /** The batch's own body where all of it is kept: it goes on as the agent compressed it. */
  #raw(): RawFrame {
    const { body, inflatedBytes } = this.#entry;
    const kept = this.#additions.reduce((sum, { raw }) => sum + raw.length, 0);
    if (kept === inflatedBytes) return { compressed: body, inflatedBytes };
    return rawFrame(this.#additions.map((addition) => addition.raw));
  }

  #placeStreams(columns: BlockColumns): BlockStream[] {
    const streams: BlockStream[] = [];
    const places = new Map<string, { readonly index: number; end: number }>();
    for (const { part, firstRecord, end } of this.#additions) {
      // Nothing but drops: positions that the entry's segments tell, and no document.
      if (part.records === 0) continue;
      const segment = this.#entry.segments[part.segment];
      if (segment === undefined) throw new BatchError(`segment ${part.segment} is not there`);
      const { key, attributes, identity } = segment.stream;
      const name = `${key.siteId}/${key.agentId}/${key.streamId}/${attributes.host}`;
      let place = places.get(name);
      if (place === undefined) {
        place = { index: streams.length, end: part.from };
        places.set(name, place);
        streams.push({ key, attributes, path: identity.path, from: part.from });
      }
      columns.stream.fill(place.index, firstRecord, firstRecord + part.records);
      columns.skipped[firstRecord] = (columns.skipped[firstRecord] ?? 0) + part.from - place.end;
      place.end = end;
    }
    return streams;
  }
}
