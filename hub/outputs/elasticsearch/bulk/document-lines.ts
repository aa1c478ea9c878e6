/**
 * Makes of a block's documents the lines of bulk requests: for each what is to be done with it, and the document in the names of ECS. What a
 * pipeline found is taken over as the bytes that it is; where it says something that the output would say too, the pipeline's stays, but for
 * the time, the data stream and where the document is from.
 */
import { isUtf8 } from 'node:buffer';
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { BlockDocument } from '../../../processing/block-documents.ts';
import type { BlockStream } from '../../../processing/block.ts';
import { parseExactly } from '../../../platform/dispatch/exact-json.ts';
import type { Dispatched, SetChoice } from '../../../platform/dispatch/dispatch.ts';
import { documentId } from '../../../processing/engine/document-id.ts';
import { type DocumentTimes, indexOf, isWild, logsName, nameTrouble } from '../index-names.ts';
import type { LineRules, Lines, MetricSetRules, RefusedDocument } from './bulk-contract.ts';
import { ByteWriter } from './byte-writer.ts';
import { type JsonMember, membersOf } from './json-members.ts';
import { fieldOf, isOursToSay, isSameField, leaveTo } from './dotted-names.ts';
import { dispatched } from './platform-line.ts';
import { mayRepeatNames } from './repeated-names.ts';
import { SeenSets } from './seen-sets.ts';
import { dataStreamMembers, type Members, membersText, type StreamTexts, streamTexts } from './stream-texts.ts';

const comma = 0x2c;
const closeBrace = 0x7d;
const [newline, carriageReturn, space] = [0x0a, 0x0d, 0x20];
/** What is only ours to say. */
const ownNames: ReadonlySet<string> = new Set(['@timestamp', 'data_stream']);

export type DocumentRules = LineRules & { readonly metricSets?: MetricSetRules | undefined };

interface Place {
  readonly name: string;
  /** `"data_stream":{…},` */
  readonly dataStream: string;
}

export class DocumentLines {
  readonly #rules: LineRules & SetChoice;
  readonly #sets: SeenSets;
  readonly #channel: { readonly tenant: string; readonly type: string };
  readonly #out: ByteWriter;
  readonly #ends: number[] = [];
  readonly #names = new Set<string>();
  readonly #refused: RefusedDocument[] = [];
  readonly #streams = new Map<BlockStream, StreamTexts>();
  readonly #places = new Map<string, Place>();
  /** Of each document of the platform channel. */
  readonly #kinds: Dispatched['kind'][] = [];
  #passedOver = 0;
  /** Documents that go to the index of another day than their own. */
  #wild = 0;
  #timeMs = Number.NaN;
  #timeText = '';

  /** `expected`: how many bytes are likely. */
  constructor(channel: string, { metricSets, ...rules }: DocumentRules, expected: number) {
    const [tenant = '', type = ''] = channel.split('/');
    this.#channel = { tenant, type };
    const sets = new SeenSets(metricSets);
    this.#sets = sets;
    this.#rules = { ...rules, takesSet: (set) => sets.takes(set) };
    this.#out = new ByteWriter(expected);
  }

  get documents(): number {
    return this.#ends.length;
  }

  add(document: BlockDocument): void {
    const { route, stream, receivedMs, eventMs } = document;
    if (route.outputs?.includes(this.#rules.output) === false) {
      this.#passedOver += 1;
      return;
    }
    const texts = this.#streams.getOrInsertComputed(stream, streamTexts);
    const trouble = route.index === undefined ? undefined : nameTrouble(route.index);
    const index = trouble === undefined ? route.index : undefined;
    const id = documentId(stream.key, document.position, document.ordinal);
    if (this.#channel.type === platformType) this.#platformDocument(document, { texts, index, id });
    else {
      const base = index ?? this.#ownName();
      const timeMs = eventMs ?? receivedMs;
      const place = this.#placeAt(base, { timeMs, receivedMs });
      this.#action(place.name, id);
      if (document.fields === undefined) this.#rawDocument(document, { texts, place, timeMs });
      else this.#parsedDocument(document, document.fields, { texts, place, timeMs });
    }
    this.#end();
    if (trouble !== undefined) {
      const reason = `the index ${JSON.stringify(route.index)} that the pipeline gave cannot be: ${trouble}`;
      this.#refused.push({ document: this.documents - 1, type: 'invalid_index_name_exception', reason });
    }
  }

  /** Nothing is added afterwards. */
  finish({ rejected, isRestored }: Pick<Lines, 'rejected' | 'isRestored'>): Lines {
    const names = [...this.#names];
    const ends = Uint32Array.from(this.#ends);
    const sets = { newSets: this.#sets.added, otherSets: this.#sets.others };
    const counts = { passedOver: this.#passedOver, wild: this.#wild, kinds: countsOf(this.#kinds), ...sets };
    return { bytes: this.#out.finish(), ends, names, refused: this.#refused, ...counts, isRestored, rejected };
  }

  /** What was written of the entry that is being read is taken back. */
  mark(): () => void {
    const [length, documents, refused, passedOver] = [this.#out.length, this.documents, this.#refused.length, this.#passedOver];
    const [kinds, wild] = [this.#kinds.length, this.#wild];
    return () => {
      this.#wild = wild;
      this.#out.cut(length);
      this.#ends.length = documents;
      this.#refused.length = refused;
      this.#passedOver = passedOver;
      this.#kinds.length = kinds;
    };
  }

  #ownName(): string {
    return logsName(this.#channel.tenant, this.#channel.type);
  }

  #placeAt(base: string, times: DocumentTimes): Place {
    if (isWild(this.#rules, times)) this.#wild += 1;
    const name = indexOf(base, this.#rules, times);
    return this.#places.getOrInsertComputed(name, () => {
      this.#names.add(name);
      const members = dataStreamMembers(base);
      return { name, dataStream: members.length === 0 ? '' : `"data_stream":{${membersText(members)}},` };
    });
  }

  #action(name: string, id: string): void {
    this.#out.text(`{"create":{"_index":${JSON.stringify(name)},"_id":"${id}"}}\n`);
  }

  #end(): void {
    this.#out.byte(newline);
    this.#ends.push(this.#out.length);
  }

  /** What agents, hubs and others tell of themselves: each kind goes to an index of its own. */
  #platformDocument(
    document: BlockDocument,
    { texts, index, id }: { readonly texts: StreamTexts; readonly index: string | undefined; readonly id: string },
  ): void {
    const { fields, raw, receivedMs } = document;
    const line = fields === undefined ? lineOf(raw, texts) : { text: utf8(fields), encoding: '' };
    const made = dispatched(document, { tenant: this.#channel.tenant, line, index }, this.#rules);
    const place = this.#placeAt(made.name, { timeMs: made.timeMs, receivedMs });
    this.#action(place.name, made.id ?? id);
    this.#out.text(made.document);
    this.#kinds.push(made.kind);
  }

  #rawDocument(document: BlockDocument, { texts, place, timeMs }: Parts): void {
    const line = lineOf(document.raw, texts);
    const out = this.#out;
    out.text(this.#head(place, timeMs) + texts.plain);
    out.ascii(`"event":{"ingested":"${this.#time(document.receivedMs)}"},`);
    out.text(`"tributary":{${membersText(originMembers(document, texts, line.encoding))}},"message":`);
    out.text(JSON.stringify(line.text));
    out.byte(closeBrace);
  }

  #parsedDocument(document: BlockDocument, fields: Uint8Array, parts: Parts): void {
    const { texts, place, timeMs } = parts;
    // What a pipeline wrote has each name once; a line that is JSON itself may have been written by anybody.
    const isRaw = fields === document.raw;
    const { text, members } = readable(isRaw ? inOneLine(fields) : fields, isRaw && mayRepeatNames(fields));
    const theirs = new Map(members.map((member) => [member.name, member]));
    const line = document.raw.length === 0 ? undefined : lineOf(document.raw, texts);
    const hasMessage = theirs.has('message');
    const own = new Map(texts.objects);
    const original: Members =
      this.#rules.original && hasMessage && line !== undefined ? [['original', JSON.stringify(line.text)]] : [];
    own.set('event', [['ingested', `"${this.#time(document.receivedMs)}"`], ...original]);
    own.set('tributary', originMembers(document, texts, line?.encoding ?? ''));
    const dotted = members.flatMap(({ name }) => (name.includes('.') ? [name] : []));
    leaveTo(dotted, own);
    const out = this.#out;
    out.text(this.#head(place, timeMs));
    let isShared = false;
    for (const [name, ours] of own) {
      const present = theirs.get(name);
      if (present === undefined) out.text(`"${name}":{${membersText(ours)}},`);
      else isShared = true;
    }
    if (!hasMessage && line !== undefined) out.text(`"message":${JSON.stringify(line.text)},`);
    const notTheirs = new Set(dotted.filter((name) => isOursToSay(name, own)));
    const isPlain = !isShared && notTheirs.size === 0 && !members.some(({ name }) => ownNames.has(name));
    if (isPlain) this.#all(text, members);
    else {
      const theirMembers = members.filter(({ name }) => !ownNames.has(name) && !notTheirs.has(name));
      this.#mixed(text, theirMembers, own);
    }
    out.byte(closeBrace);
  }

  /** As they are, in one piece. */
  #all(text: Uint8Array, members: readonly JsonMember[]): void {
    const [first, last] = [members[0], members.at(-1)];
    if (first === undefined || last === undefined) this.#out.cut(this.#out.length - 1);
    else this.#out.bytes(text.subarray(first.start, last.end));
  }

  /** One by one, as some have to be put together with ours. */
  #mixed(text: Uint8Array, members: readonly JsonMember[], own: ReadonlyMap<string, Members>): void {
    const out = this.#out;
    for (const member of members) {
      const ours = own.get(member.name);
      const inner = ours === undefined ? undefined : membersOf(text, member.valueStart);
      const isOurs = member.name === 'tributary';
      if (ours === undefined || (inner === undefined && !isOurs)) out.bytes(text.subarray(member.start, member.end));
      else if (inner === undefined) out.text(`"${member.name}":{${membersText(ours)}}`);
      else {
        const isSaid = (one: string, name: string): boolean => one === name || isSameField(fieldOf(member.name, one), name);
        const added = isOurs ? ours : ours.filter(([one]) => !inner.some(({ name }) => isSaid(one, name)));
        const kept = isOurs ? inner.filter(({ name }) => !ours.some(([one]) => isSaid(one, name))) : inner;
        out.text(`"${member.name}":{${membersText(added)}`);
        kept.forEach((one, index) => {
          if (index > 0 || added.length > 0) out.byte(comma);
          out.bytes(text.subarray(one.start, one.end));
        });
        out.byte(closeBrace);
      }
      out.byte(comma);
    }
    out.cut(out.length - 1);
  }

  #head({ dataStream }: Place, timeMs: number): string {
    return `{"@timestamp":"${this.#time(timeMs)}",${dataStream}`;
  }

  #time(ms: number): string {
    if (ms !== this.#timeMs) {
      this.#timeText = new Date(ms).toISOString();
      this.#timeMs = ms;
    }
    return this.#timeText;
  }
}

function countsOf(kinds: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Map.groupBy(kinds, (kind) => kind)
      .entries()
      .map(([kind, { length }]) => [kind, length]),
  );
}

interface Parts {
  readonly texts: StreamTexts;
  readonly place: Place;
  readonly timeMs: number;
}

/** Between the values of a record of several lines: a request is read line by line, so what follows would be taken for what is to be done. */
function inOneLine(json: Uint8Array): Uint8Array {
  // The line's own end is behind all values.
  if (json.subarray(0, -1).indexOf(newline) === -1) return json;
  return json.map((byte) => (byte === newline ? space : byte));
}

/** The members of the fields; of what has the same name twice, as JSON reads it. */
function readable(
  fields: Uint8Array,
  mayRepeat: boolean,
): { readonly text: Uint8Array; readonly members: readonly JsonMember[] } {
  const members = mayRepeat ? undefined : membersOf(fields);
  if (members !== undefined) return { text: fields, members };
  const value = parseExactly(utf8(fields));
  // Names that need escapes are written again as they were, and are none of ours.
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
  const parts: Buffer[] = [Buffer.from('{')];
  const found: JsonMember[] = [];
  let at = 1;
  for (const [name, one] of entries) {
    const start = at + (found.length === 0 ? 0 : 1);
    const nameText = Buffer.from(`${found.length === 0 ? '' : ','}${JSON.stringify(name)}:`);
    const valueText = Buffer.from(JSON.stringify(one));
    parts.push(nameText, valueText);
    const valueStart = at + nameText.length;
    at = valueStart + valueText.length;
    found.push({ name, start, valueStart, end: at });
  }
  parts.push(Buffer.from('}'));
  return { text: Buffer.concat(parts), members: found };
}

function originMembers({ position, ordinal, isPartial }: BlockDocument, { origin }: StreamTexts, encoding: string): Members {
  return [
    ...origin,
    ['position', String(position)],
    ['ordinal', String(ordinal)],
    ...(isPartial ? [['partial', 'true'] as const] : []),
    ...(encoding === '' ? [] : [['encoding', JSON.stringify(encoding)] as const]),
  ];
}

/** Text of a record without its terminator, and how it was read where that was not UTF-8. */
function lineOf(raw: Uint8Array, { encoding, decode }: StreamTexts): { readonly text: string; readonly encoding: string } {
  if (encoding !== '') return { text: withoutTerminator(decode(raw)), encoding };
  let end = raw.length;
  if (raw[end - 1] === newline) end -= 1;
  if (raw[end - 1] === carriageReturn) end -= 1;
  const line = raw.subarray(0, end);
  return { text: decode(line), encoding: isUtf8(line) ? '' : 'not utf-8' };
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function withoutTerminator(text: string): string {
  return text.replace(/\r?\n$/, '');
}
