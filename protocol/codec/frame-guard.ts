/**
 * Walks a frame's bytes before anything is built from them, so that a hostile frame costs no more memory than its own length: a
 * few megabytes of empty messages would otherwise become gigabytes of objects. It holds every length and count to
 * field-limits.ts, every number to its range, and every field to its wire type and to one occurrence unless it is repeated.
 *
 * Fields that the schema does not have are skipped, up to a number: a newer peer of the same version may send them.
 */
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { assert } from '@tributary/shared/assert.ts';
import { FrameError } from '../frame-error.ts';
import { FrameSchema } from '../generated/tributary_pb.ts';
import { frameBytesMax, unknownFieldsMax } from '../limits.ts';
import { fieldLimits } from './field-limits.ts';

type FieldKind = 'uint32' | 'uint64' | 'bool' | 'fixed32' | 'bytes' | 'message';

interface FieldRule {
  /** `Batch.segments`. */
  readonly name: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  readonly bytesMax: number;
  readonly countMax: number;
  /** Where this field's values are counted. */
  readonly counter: number;
  readonly fields: FieldRules;
}

/** Indexed by field number. */
type FieldRules = readonly (FieldRule | undefined)[];

const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/** Unknown and known fields of one message; far above what the schema has, and few enough for one bit each. */
const fieldNumberMax = 30;

const scalarKinds: ReadonlyMap<ScalarType | undefined, FieldKind> = new Map([
  [ScalarType.UINT32, 'uint32'],
  [ScalarType.UINT64, 'uint64'],
  [ScalarType.BOOL, 'bool'],
  [ScalarType.FIXED32, 'fixed32'],
  [ScalarType.STRING, 'bytes'],
  [ScalarType.BYTES, 'bytes'],
]);

let counters = 0;
const compiled = new Map<string, FieldRule[]>();
const frameRules = compileMessage(FrameSchema);

function compileMessage(message: DescMessage): FieldRules {
  const known = compiled.get(message.typeName);
  if (known !== undefined) return known;
  const rules: FieldRule[] = [];
  compiled.set(message.typeName, rules);
  for (const field of message.fields) rules[field.number] = compileField(message, field);
  return rules;
}

function compileField(message: DescMessage, field: DescField): FieldRule {
  assert(field.number <= fieldNumberMax, 'a field number fits the mask of fields seen');
  const repeated = field.fieldKind === 'list' || field.fieldKind === 'map';
  const name = `${message.typeName.slice('tributary.v1.'.length)}.${field.name}`;
  const kind = kindOf(field);
  const limit = fieldLimits[name] ?? {};
  assert(kind !== 'bytes' || limit.bytes !== undefined, `${name} has a limit in bytes`);
  assert(!repeated || limit.count !== undefined, `${name} has a limit in number`);
  counters += 1;
  return {
    name,
    kind,
    repeated,
    bytesMax: limit.bytes ?? frameBytesMax,
    countMax: limit.count ?? Number.POSITIVE_INFINITY,
    counter: counters - 1,
    fields: field.fieldKind === 'map' ? compileMapEntry(name, field) : fieldsOf(field),
  };
}

function fieldsOf(field: DescField): FieldRules {
  return field.message === undefined ? [] : compileMessage(field.message);
}

/** The schema's maps are all of text to text. */
function compileMapEntry(name: string, field: DescField & { fieldKind: 'map' }): FieldRules {
  assert(field.mapKey === ScalarType.STRING && field.scalar === ScalarType.STRING, `${name} maps text to text`);
  const [message = '', own = ''] = name.split('.');
  const entry = `${message}.${own.charAt(0).toUpperCase()}${own.slice(1)}Entry`;
  return [undefined, entryRule(`${entry}.key`), entryRule(`${entry}.value`)];
}

function entryRule(name: string): FieldRule {
  const bytesMax = fieldLimits[name]?.bytes;
  assert(bytesMax !== undefined, `${name} has a limit in bytes`);
  counters += 1;
  return {
    name,
    kind: 'bytes',
    repeated: false,
    bytesMax,
    countMax: Number.POSITIVE_INFINITY,
    counter: counters - 1,
    fields: [],
  };
}

function kindOf(field: DescField): FieldKind {
  if (field.fieldKind === 'map' || field.message !== undefined) return 'message';
  if (field.enum !== undefined) return 'uint32';
  const kind = scalarKinds.get(field.scalar);
  assert(kind !== undefined, `${field.name} is of a kind known here`);
  return kind;
}

class FrameWalk {
  readonly #bytes: Uint8Array;
  readonly #counts = new Uint32Array(counters);
  #at = 0;
  #unknown = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Returns how many fields the schema knows were there. */
  message(rules: FieldRules, end: number, name: string): number {
    let known = 0;
    let seen = 0;
    while (this.#at < end) {
      const tag = this.#varint(end, name);
      const number = Math.floor(tag / 8);
      const wireType = tag % 8;
      if (number === 0) throw new FrameError('malformed', `${name}: field number 0`);
      const rule = rules[number];
      if (rule === undefined) {
        this.#skip(wireType, end, name);
        continue;
      }
      known += 1;
      const bit = 1 << number;
      if (!rule.repeated && (seen & bit) !== 0) throw new FrameError('malformed', `${rule.name} occurs twice`);
      seen |= bit;
      this.#field(rule, wireType, end);
    }
    return known;
  }

  #field(rule: FieldRule, wireType: number, end: number): void {
    switch (rule.kind) {
      case 'message':
        this.#count(rule, 1);
        return void this.message(rule.fields, this.#length(rule, wireType, end), rule.name);
      case 'bytes':
        this.#count(rule, 1);
        this.#at = this.#length(rule, wireType, end);
        return;
      case 'fixed32':
        if (wireType !== fixed32) throw new FrameError('malformed', `${rule.name} is of wire type ${wireType}`);
        this.#advance(4, end, rule.name);
        return;
      case 'uint32':
      case 'uint64':
      case 'bool':
        this.#numbers(rule, wireType, end);
    }
  }

  #numbers(rule: FieldRule, wireType: number, end: number): void {
    if (rule.repeated && wireType === lengthDelimited) {
      const packedEnd = this.#length(rule, wireType, end);
      while (this.#at < packedEnd) this.#number(rule, packedEnd);
    } else if (wireType === varint) this.#number(rule, end);
    else throw new FrameError('malformed', `${rule.name} is of wire type ${wireType}`);
  }

  #number(rule: FieldRule, end: number): void {
    this.#count(rule, 1);
    const value = this.#varint(end, rule.name);
    const max = rule.kind === 'uint64' ? Number.MAX_SAFE_INTEGER : rule.kind === 'bool' ? 1 : 2 ** 32 - 1;
    if (value > max) throw new FrameError('malformed', `${rule.name} is above ${max}`);
  }

  #count(rule: FieldRule, more: number): void {
    const count = (this.#counts[rule.counter] ?? 0) + more;
    if (count > rule.countMax) throw new FrameError('limit', `${rule.name}: more than ${rule.countMax}`);
    this.#counts[rule.counter] = count;
  }

  /** Reads a length and returns where its content ends. */
  #length(rule: FieldRule, wireType: number, end: number): number {
    if (wireType !== lengthDelimited) throw new FrameError('malformed', `${rule.name} is of wire type ${wireType}`);
    const length = this.#varint(end, rule.name);
    if (length > end - this.#at) throw new FrameError('malformed', `${rule.name} ends beyond what holds it`);
    if (length > rule.bytesMax) throw new FrameError('limit', `${rule.name}: more than ${rule.bytesMax} bytes`);
    return this.#at + length;
  }

  #varint(end: number, name: string): number {
    let value = 0;
    for (let index = 0; index < 10; index += 1) {
      if (this.#at >= end) throw new FrameError('malformed', `${name}: a number is cut off`);
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw new FrameError('malformed', `${name}: a number has more than ten bytes`);
  }

  #skip(wireType: number, end: number, name: string): void {
    this.#unknown += 1;
    if (this.#unknown > unknownFieldsMax) throw new FrameError('limit', `Frame: more than ${unknownFieldsMax} unknown fields`);
    if (wireType === varint) this.#varint(end, name);
    else if (wireType === fixed64) this.#advance(8, end, name);
    else if (wireType === fixed32) this.#advance(4, end, name);
    else if (wireType === lengthDelimited) this.#advance(this.#varint(end, name), end, name);
    else throw new FrameError('malformed', `${name}: a field is of wire type ${wireType}`);
  }

  #advance(bytes: number, end: number, name: string): void {
    if (bytes > end - this.#at) throw new FrameError('malformed', `${name}: a field is cut off`);
    this.#at += bytes;
  }
}

/** Throws a FrameError unless these bytes may be decoded: exactly one message that is known, every field within its limits. */
export function guardFrame(bytes: Uint8Array): void {
  if (bytes.length > frameBytesMax) throw new FrameError('limit', `Frame: more than ${frameBytesMax} bytes`);
  const known = new FrameWalk(bytes).message(frameRules, bytes.length, 'Frame');
  if (known === 0) throw new FrameError('unknown-message', 'Frame: it holds no message of this version');
  if (known > 1) throw new FrameError('malformed', 'Frame: it holds more than one message');
}
