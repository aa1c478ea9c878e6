/**
 * Values of a document as CEL has them. A document holds what JSON can hold; an index would take "200" for a `long` and 42 for a `keyword`,
 * and so does a condition.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { FieldValue } from '../record/fields.ts';
import { type FieldType, type SingleFieldType, singleTypes } from './field-types.ts';

/** What a field holds is nothing of its type. */
export class Mistyped {
  readonly wanted: string;

  constructor(wanted: string) {
    this.wanted = wanted;
  }
}

interface CelType {
  readonly name: string;
  /** Never given undefined; null counts as not there. */
  readonly convert: (value: Exclude<FieldValue, null>) => unknown;
}

const textType: CelType = { name: 'string', convert: toText };
const intType: CelType = { name: 'int', convert: toInt };
const doubleType: CelType = { name: 'double', convert: toDouble };
const mapType: CelType = {
  name: 'map<string, dyn>',
  convert: (value) => (isPlainObject(value) ? value : new Mistyped('an object')),
};
const anyType: CelType = { name: 'dyn', convert: (value) => value };

const celTypes: Readonly<Record<SingleFieldType, CelType>> = {
  keyword: textType,
  constant_keyword: textType,
  wildcard: textType,
  text: textType,
  match_only_text: textType,
  version: textType,
  ip: textType,
  long: intType,
  integer: intType,
  short: intType,
  byte: intType,
  unsigned_long: intType,
  double: doubleType,
  float: doubleType,
  half_float: doubleType,
  scaled_float: doubleType,
  boolean: { name: 'bool', convert: toBoolean },
  date: { name: 'google.protobuf.Timestamp', convert: toDate },
  geo_point: anyType,
  object: mapType,
  nested: { name: 'list<dyn>', convert: (value) => (Array.isArray(value) ? value : [value]) },
  flattened: mapType,
};

/** Each type, also those of lists, is made once. */
const types = new Map<FieldType, CelType>();

export function celTypeOf(type: FieldType): CelType {
  return types.getOrInsertComputed(type, makeCelType);
}

function makeCelType(type: FieldType): CelType {
  if (!isListType(type)) return celTypes[type];
  const { name, convert } = celTypes[singleOf(type)];
  return { name: `list<${name}>`, convert: (value) => listOf(Array.isArray(value) ? value : [value], convert) };
}

function listOf(values: readonly FieldValue[], convert: CelType['convert']): unknown {
  const list: unknown[] = [];
  for (const value of values) {
    if (value === null) continue;
    const converted = convert(value);
    if (converted instanceof Mistyped) return converted;
    list.push(converted);
  }
  return list;
}

function isListType(type: FieldType): type is `${SingleFieldType}[]` {
  return type.endsWith('[]');
}

function singleOf(type: `${SingleFieldType}[]`): SingleFieldType {
  const name = singleTypes.find((one) => `${one}[]` === type);
  assert(name !== undefined, 'a list is one of a single type');
  return name;
}

function toText(value: FieldValue): unknown {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return new Mistyped('a text');
}

/** Most numbers in documents are small, and a BigInt of each would be garbage. */
const smallInts: readonly bigint[] = Array.from({ length: 1024 }, (_, number) => BigInt(number));

function toInt(value: FieldValue): unknown {
  if (typeof value === 'number')
    return smallInts[value] ?? (Number.isFinite(value) ? BigInt(Math.trunc(value)) : new Mistyped('a number'));
  if (typeof value === 'string' && /^-?\d{1,19}$/.test(value)) return BigInt(value);
  return new Mistyped('a whole number');
}

function toDouble(value: FieldValue): unknown {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^-?\d{1,300}(?:\.\d{1,300})?(?:[eE][-+]?\d{1,3})?$/.test(value)) return Number(value);
  return new Mistyped('a number');
}

function toBoolean(value: FieldValue): unknown {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return new Mistyped('true or false');
}

function toDate(value: FieldValue): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return new Mistyped('a time');
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? new Mistyped('a time') : date;
}

function isPlainObject(value: FieldValue): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
