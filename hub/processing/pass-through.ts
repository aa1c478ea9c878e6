/**
 * The pass-through pipeline: batches become a block whose documents are the records as they were, with their stream's attributes.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { BatchEntry, Processed, ProcessedBlock } from './batch-entry.ts';
import { encodeBlock, rawFrame, type BlockColumns, type BlockStream, type RawFrame } from './block.ts';
import { type BatchPart, openBatches } from './open-batches.ts';
import type { RecordColumns } from './split-records.ts';

/**
 * Makes one block of batches that follow each other, whatever each of them is. Never throws for what a sender could have caused: that
 * batch is rejected with the reason, alone.
 */
export function passThrough(entries: readonly BatchEntry[]): Processed {
  const { parts, records, rejected, free } = openBatches(entries);
  const block = parts.length === 0 ? undefined : new BlockBuilder(entries, parts).finish(records);
  free();
  return { block, rejected };
}

/** Collects the kept parts and gives every stream one place in the block, also when several segments are of the same one. */
class BlockBuilder {
  readonly #entries: readonly BatchEntry[];
  readonly #parts: readonly BatchPart[];

  constructor(entries: readonly BatchEntry[], parts: readonly BatchPart[]) {
    this.#entries = entries;
    this.#parts = parts;
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
    return { body, inflatedBytes, records, kept: this.#parts.map((addition) => addition.part) };
  }

  /** The body of a batch that is alone where all of it is kept: it goes on as the agent compressed it. */
  #raw(): RawFrame {
    const [entry, ...others] = this.#entries;
    const kept = this.#parts.reduce((sum, { raw }) => sum + raw.length, 0);
    if (entry !== undefined && others.length === 0 && kept === entry.inflatedBytes)
      return { compressed: entry.body, inflatedBytes: kept };
    return rawFrame(this.#parts.map((addition) => addition.raw));
  }

  #placeStreams(columns: BlockColumns, blockReceivedMs: number): BlockStream[] {
    const streams: BlockStream[] = [];
    const places = new Map<string, { readonly index: number; end: number }>();
    for (const { part, firstRecord, end } of this.#parts) {
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
