/** Collects the documents of one destination, and makes the block of them. */
import type { BatchEntry, KeptPart, ProcessedBlock } from '../batch-entry.ts';
import {
  type BlockColumns,
  type BlockRoute,
  type BlockStream,
  encodeBlock,
  rawFrame,
  type RawFrame,
  recordFlags,
} from '../block.ts';
import type { Destination, PipelineRecord, RecordSource } from '../record/record.ts';
import { StepError } from '../steps/step.ts';
import { FieldsText } from './fields-text.ts';

/** Where in its part a record is, and what is known of it. */
export interface PlacedRecord {
  start: number;
  end: number;
  /** Bits of the record, as the batch has them. */
  flags: number;
  /** Whether its bytes are UTF-8. */
  mayBeRawJson: boolean;
}

/** Routes in one block: a script may make them of what a record holds. */
const routesMax = 10_000;

/** Memory of blocks that were made, for the next: allocated anew for each it would have to be collected all the time. */
const spareColumns: GrowingColumns[] = [];
const spareFields: FieldsText[] = [];
const sparesMax = 2;
/** Larger ones are not kept. */
const spareDocumentsMax = 64 * 1024;

export class DocumentBlock {
  readonly #parts = new Map<KeptPart, { records: number; bytes: number }>();
  readonly #streams: BlockStream[] = [];
  readonly #places = new Map<RecordSource, number>();
  readonly #ends: number[] = [];
  readonly #raw: Uint8Array[] = [];
  readonly #fields = spareFields.pop() ?? new FieldsText();
  readonly #routes: BlockRoute[] = [{}];
  readonly #routeIndices = new Map<string, number>();
  readonly #columns: GrowingColumns;
  readonly #receivedMs: number;
  #rawBytes = 0;
  #lastSource: RecordSource | undefined;
  #lastStream = 0;
  #part: { records: number; bytes: number } = { records: 0, bytes: 0 };
  #partFrom = 0;
  #partRaw: Uint8Array = new Uint8Array(0);
  /** Bytes of the part that are kept and not taken yet. */
  #runStart = 0;
  #runEnd = 0;

  /** `records`: how many documents are likely. */
  constructor(receivedMs: number, records: number) {
    this.#receivedMs = receivedMs;
    this.#columns = spareColumns.pop() ?? new GrowingColumns(Math.max(records, 1));
  }

  get documents(): number {
    return this.#columns.documents;
  }

  /** What is added next is of this part. A part without documents is told all the same: its positions are done. */
  beginPart(part: KeptPart, raw: Uint8Array): void {
    this.#endRun();
    this.#partRaw = raw;
    this.#part = { records: 0, bytes: 0 };
    this.#parts.set(part, this.#part);
    this.#partFrom = part.from;
  }

  /**
   * In the order of their positions within a stream. The first document of a record brings the record's bytes along. Throws a StepError of
   * one that has no room, or cannot be written: it was not added.
   */
  add(document: PipelineRecord, { start, end, flags, mayBeRawJson }: PlacedRecord, isFirst: boolean): void {
    const { source, position } = document;
    const stream = source === this.#lastSource ? this.#lastStream : this.#streamOf(source);
    const length = isFirst ? end - start : 0;
    const isRawJson = isFirst && mayBeRawJson && document.isRawJson;
    const route = document.destination === undefined ? 0 : this.#routeOf(document.destination);
    const fieldBytes = isRawJson ? 0 : this.#fields.append(document.fields);
    const columns = this.#columns.next();
    const at = this.#columns.documents - 1;
    columns.stream[at] = stream;
    columns.skipped[at] = position - (this.#ends[stream] ?? 0);
    columns.ordinal[at] = document.ordinal;
    columns.flags[at] = isRawJson ? flags | recordFlags.rawJson : flags;
    columns.length[at] = length;
    columns.event[at] = document.eventMs ?? Number.NaN;
    columns.fields[at] = fieldBytes;
    columns.route[at] = route;
    if (document.eventMs !== undefined) this.#columns.hasEvents = true;
    if (fieldBytes > 0) this.#columns.hasFields = true;
    if (route > 0) this.#columns.hasRoutes = true;
    this.#ends[stream] = position + (source.attributes.counted ? 1 : length);
    this.#part.records += 1;
    if (!isFirst) return;
    this.#part.bytes += length;
    this.#rawBytes += length;
    if (start === this.#runEnd) this.#runEnd = end;
    else {
      this.#endRun();
      this.#runStart = start;
      this.#runEnd = end;
    }
  }

  /** Bytes that follow each other are taken together. */
  #endRun(): void {
    if (this.#runEnd > this.#runStart) this.#raw.push(this.#partRaw.subarray(this.#runStart, this.#runEnd));
    this.#runStart = 0;
    this.#runEnd = 0;
  }

  /** `entries` are those that all of this is of. Nothing is added afterwards. */
  finish(entries: readonly BatchEntry[]): ProcessedBlock {
    const { body, inflatedBytes } = encodeBlock({
      receivedMs: this.#receivedMs,
      streams: this.#streams,
      columns: this.#columns.finish(),
      raw: this.#rawFrame(entries),
      fields: this.#fields.bytes,
      ...(this.#columns.hasRoutes && { routes: this.#routes }),
    });
    const records = this.documents;
    this.#giveBack();
    const kept = [...this.#parts].map(([part, figures]) => ({ ...part, ...figures }));
    return { body, inflatedBytes, records, kept };
  }

  /** What was written is in the block now: the next one writes into the same memory. */
  #giveBack(): void {
    if (this.#columns.clear() && spareColumns.length < sparesMax) spareColumns.push(this.#columns);
    if (this.#fields.clear() && spareFields.length < sparesMax) spareFields.push(this.#fields);
  }

  /** The body of a batch that is alone where all of it is kept: it goes on as the agent compressed it. */
  #rawFrame(entries: readonly BatchEntry[]): RawFrame {
    this.#endRun();
    const [entry, ...others] = entries;
    if (entry !== undefined && others.length === 0 && this.#rawBytes === entry.inflatedBytes)
      return { compressed: entry.body, inflatedBytes: this.#rawBytes };
    return rawFrame(this.#raw);
  }

  #streamOf(source: RecordSource): number {
    const index = this.#places.getOrInsertComputed(source, () => {
      const { key, attributes, path, receivedMs } = source;
      const own = receivedMs === this.#receivedMs ? {} : { receivedMs };
      this.#ends.push(this.#partFrom);
      return this.#streams.push({ key, attributes, path, from: this.#partFrom, ...own }) - 1;
    });
    this.#lastSource = source;
    this.#lastStream = index;
    return index;
  }

  #routeOf({ index, outputs }: Destination): number {
    if (index === undefined && outputs === undefined) return 0;
    const name = JSON.stringify([index, outputs]);
    const present = this.#routeIndices.get(name);
    if (present !== undefined) return present;
    if (this.#routes.length > routesMax) throw new StepError('too_many', `its batch has more than ${routesMax} destinations`);
    const route = this.#routes.push({ ...(index !== undefined && { index }), ...(outputs !== undefined && { outputs }) }) - 1;
    this.#routeIndices.set(name, route);
    return route;
  }
}

interface Columns {
  readonly stream: Uint32Array<ArrayBuffer>;
  readonly skipped: Float64Array<ArrayBuffer>;
  readonly ordinal: Uint32Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;
  readonly length: Uint32Array<ArrayBuffer>;
  readonly event: Float64Array<ArrayBuffer>;
  readonly fields: Uint32Array<ArrayBuffer>;
  readonly route: Uint32Array<ArrayBuffer>;
}

/** One value per document, in arrays that grow: a step may make more documents than there were records. */
class GrowingColumns {
  #columns: Columns;
  #documents = 0;
  hasEvents = false;
  hasFields = false;
  hasRoutes = false;

  constructor(capacity: number) {
    this.#columns = newColumns(capacity);
  }

  get documents(): number {
    return this.#documents;
  }

  /** False: it has become too large to be used again. */
  clear(): boolean {
    this.#documents = 0;
    this.hasEvents = false;
    this.hasFields = false;
    this.hasRoutes = false;
    return this.#columns.length.length <= spareDocumentsMax;
  }

  /** Where the next document's values go; its place is the last one. */
  next(): Columns {
    if (this.#documents === this.#columns.length.length) this.#grow();
    this.#documents += 1;
    return this.#columns;
  }

  finish(): BlockColumns {
    const end = this.#documents;
    const { stream, skipped, ordinal, flags, length, event, fields, route } = this.#columns;
    return {
      stream: stream.subarray(0, end),
      skipped: skipped.subarray(0, end),
      ordinal: ordinal.subarray(0, end),
      flags: flags.subarray(0, end),
      length: length.subarray(0, end),
      event: this.hasEvents ? event.subarray(0, end) : undefined,
      ...(this.hasFields && { fields: fields.subarray(0, end) }),
      ...(this.hasRoutes && { route: route.subarray(0, end) }),
    };
  }

  #grow(): void {
    const before = this.#columns;
    const larger = newColumns(before.length.length * 2);
    larger.stream.set(before.stream);
    larger.skipped.set(before.skipped);
    larger.ordinal.set(before.ordinal);
    larger.flags.set(before.flags);
    larger.length.set(before.length);
    larger.event.set(before.event);
    larger.fields.set(before.fields);
    larger.route.set(before.route);
    this.#columns = larger;
  }
}

function newColumns(capacity: number): Columns {
  return {
    stream: new Uint32Array(capacity),
    skipped: new Float64Array(capacity),
    ordinal: new Uint32Array(capacity),
    flags: new Uint8Array(capacity),
    length: new Uint32Array(capacity),
    event: new Float64Array(capacity),
    fields: new Uint32Array(capacity),
    route: new Uint32Array(capacity),
  };
}
