/** Types that a step gives to values, and how it does: strictly, as a number with a letter in it is a mistake somewhere, and no number. */
import { isIP } from 'node:net';
import type { FieldValue } from '../record/fields.ts';
import { jsonText } from './copy-value.ts';
import { StepError } from './step.ts';

const typeNames = ['int', 'float', 'bool', 'string', 'ip'] as const;
export type ValueType = (typeof typeNames)[number];

/** As Elasticsearch calls them. */
const otherNames = { long: 'int', integer: 'int', double: 'float', boolean: 'bool', keyword: 'string' } as const;

export const valueTypeNames = [...typeNames, 'long', 'integer', 'double', 'boolean', 'keyword'] as const;
export type ValueTypeName = (typeof valueTypeNames)[number];

export function valueTypeOf(name: ValueTypeName): ValueType {
  switch (name) {
    case 'long':
    case 'integer':
    case 'double':
    case 'boolean':
    case 'keyword':
      return otherNames[name];
    default:
      return name;
  }
}

export function isValueTypeName(name: string): name is ValueTypeName {
  return valueTypeNames.some((one) => one === name);
}

/** Of a list, each of its members. Throws a StepError; `name` is the field's, for its message. */
export function convertValue(value: FieldValue, type: ValueType, name: string): FieldValue {
  if (Array.isArray(value)) return value.map((item: FieldValue) => converted(item, type, name));
  return converted(value, type, name);
}

function converted(value: FieldValue, type: ValueType, name: string): FieldValue {
  const made = converters[type](value);
  if (made !== undefined) return made;
  throw new StepError('convert', `${name} is ${shown(value)}, and no ${words[type]}`);
}

const words: Readonly<Record<ValueType, string>> = {
  int: 'whole number up to 2^53',
  float: 'number',
  bool: 'true or false',
  string: 'text',
  ip: 'IP address',
};

const converters: Readonly<Record<ValueType, (value: FieldValue) => FieldValue | undefined>> = {
  int: toInt,
  float: toFloat,
  bool: toBool,
  string: (value) => (typeof value === 'string' ? value : jsonText(value)),
  ip: toIp,
};

function toInt(value: FieldValue): number | undefined {
  if (typeof value === 'string' && !/^[-+]?\d{1,30}$/.test(value)) return undefined;
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  // Minus zero is a number that JSON cannot tell.
  return Number.isSafeInteger(number) ? number + 0 : undefined;
}

function toFloat(value: FieldValue): number | undefined {
  if (typeof value === 'string' && !/^[-+]?(?:\d{1,400}\.?\d{0,400}|\.\d{1,400})(?:[eE][-+]?\d{1,3})?$/.test(value))
    return undefined;
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number + 0 : undefined;
}

const yes: ReadonlySet<string> = new Set(['true', 'yes', 'on', '1']);
const no: ReadonlySet<string> = new Set(['false', 'no', 'off', '0']);

function toBool(value: FieldValue): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const word = String(value).toLowerCase();
  return yes.has(word) ? true : no.has(word) ? false : undefined;
}

/** `[::1]`, as in an address with a port, is one, too. */
function toIp(value: FieldValue): string | undefined {
  if (typeof value !== 'string') return undefined;
  const address = value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value;
  return isIP(address) === 0 || address.includes('%') ? undefined : address.toLowerCase();
}

function shown(value: FieldValue): string {
  const text = jsonText(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
