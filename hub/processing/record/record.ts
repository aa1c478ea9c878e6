/**
 * One record on its way through the steps of a pipeline: its bytes as they came, and what the steps made of them. Bytes are decoded when a
 * step first asks for their text.
 */
import type { ChannelName, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { fieldAt, type FieldPath, type Fields, type FieldValue, mergeFields, type MutableFields, setField } from './fields.ts';

/** What the records of one stream have in common. */
export interface RecordSource {
  readonly channel: ChannelName;
  readonly tenant: string;
  readonly type: string;
  readonly key: StreamKey;
  readonly attributes: StreamAttributes;
  /** Where its bytes were read: a file's path, a socket. */
  readonly path: string;
  /** When the site received it. */
  readonly receivedMs: number;
  /** Text of a record's bytes, by the stream's encoding; what does not fit the encoding becomes U+FFFD. */
  readonly decode: (bytes: Uint8Array) => string;
}

/** Where a document goes that does not go where all of its channel go. */
export interface Destination {
  /** Another log type of the same tenant: its back topic. */
  readonly type?: string;
  /** The name of an index or data stream, for outputs that have such. */
  readonly index?: string;
  /** Only these outputs take it. */
  readonly outputs?: readonly string[];
}

/** Bytes of records that follow each other. */
export interface RecordBytes {
  readonly source: RecordSource;
  readonly raw: Uint8Array;
  /** All of them as text, where each byte is a character; undefined where they are decoded one by one. */
  readonly text?: string | undefined;
}

const newline = 0x0a;
const carriageReturn = 0x0d;

export class PipelineRecord {
  readonly source: RecordSource;
  readonly position: number;
  /** Number of the document within its record: 0, unless a step made several of one. */
  ordinal = 0;
  /** Event time in milliseconds since 1970, where a step found one: `@timestamp`. With a fraction where it is finer. */
  eventMs: number | undefined;
  destination: Destination | undefined;
  /** Where its bytes are: they are cut out, and decoded, for who asks. */
  readonly #bytes: RecordBytes;
  readonly #start: number;
  readonly #end: number;
  #raw: Uint8Array | undefined;
  #text: string | undefined;
  #fields: MutableFields = {};
  #isRawJson = false;

  constructor(bytes: RecordBytes, position: number, start = 0, end = bytes.raw.length) {
    this.source = bytes.source;
    this.position = position;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** As received, with its terminator: never changed by a step. */
  get raw(): Uint8Array {
    this.#raw ??= this.#bytes.raw.subarray(this.#start, this.#end);
    return this.#raw;
  }

  /**
   * Of the record's bytes, without the line's terminator. It may be a part of a much longer text, and keep all of that in memory: what a
   * step keeps beyond the record is copied.
   */
  get rawText(): string {
    if (this.#text !== undefined) return this.#text;
    const { text } = this.#bytes;
    this.#text = text === undefined ? withoutTerminator(this.source.decode(this.raw)) : text.slice(this.#start, this.#lineEnd());
    return this.#text;
  }

  /** What a step reads that was not told a field: `message`, where a step before it left one, else the record's text. */
  get text(): string {
    const { message } = this.#fields;
    return typeof message === 'string' ? message : this.rawText;
  }

  get fields(): Fields {
    return this.#fields;
  }

  /** True while the fields are exactly the JSON object that the record's bytes are: it is not written a second time then. */
  get isRawJson(): boolean {
    return this.#isRawJson;
  }

  get(path: FieldPath): FieldValue | undefined {
    return fieldAt(this.fields, path);
  }

  set(path: FieldPath, value: FieldValue | MutableFields): void {
    setField(this.edit(), path, value);
  }

  merge(fields: Fields): void {
    mergeFields(this.edit(), fields);
  }

  /** The fields, to be changed. */
  edit(): MutableFields {
    this.#isRawJson = false;
    return this.#fields;
  }

  /** The fields are `fields` from now on: what was there goes. Not to be used by the caller any more. */
  replace(fields: MutableFields): void {
    this.#fields = fields;
    this.#isRawJson = false;
  }

  /** As `replace`, with what `JSON.parse` made of the whole of the record's bytes, and nothing else. */
  replaceByRawJson(fields: MutableFields): void {
    this.#fields = fields;
    this.#isRawJson = true;
  }

  /** Another document of the same record; the caller gives it its ordinal. Its fields are its own. */
  sibling(fields: MutableFields): PipelineRecord {
    const made = new PipelineRecord(this.#bytes, this.position, this.#start, this.#end);
    made.eventMs = this.eventMs;
    made.destination = this.destination;
    made.#fields = fields;
    return made;
  }

  #lineEnd(): number {
    const { raw } = this.#bytes;
    const end = this.#end;
    if (end === this.#start || raw[end - 1] !== newline) return end;
    return end - this.#start > 1 && raw[end - 2] === carriageReturn ? end - 2 : end - 1;
  }
}

function withoutTerminator(text: string): string {
  if (!text.endsWith('\n')) return text;
  return text.slice(0, text.endsWith('\r\n') ? -2 : -1);
}
