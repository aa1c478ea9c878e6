/** For the tests of presets: whether the fields of a document exist, and have values of their types. */
import { isIP } from 'node:net';
import type { FieldType } from '../conditions/field-types.ts';
import { type Fields, type FieldValue, isObject } from '../record/fields.ts';

/** What is wrong, a sentence each. */
export function problemsOfTypes(fields: Fields, types: ReadonlyMap<string, FieldType>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => problemsAt(name, value, types));
}

/** The dotted names of all that is there, of objects too. */
export function namesOf(fields: Fields): string[] {
  const within = (name: string, value: FieldValue): string[] =>
    isObject(value) ? [name, ...Object.entries(value).flatMap(([inner, one]) => within(`${name}.${inner}`, one))] : [name];
  return Object.entries(fields).flatMap(([name, value]) => within(name, value));
}

function problemsAt(name: string, value: FieldValue, types: ReadonlyMap<string, FieldType>): string[] {
  const type = types.get(name);
  if (type === undefined) {
    if (!isObject(value)) return [`${name} is no field of ECS, and is not declared`];
    return Object.entries(value).flatMap(([inner, one]) => problemsAt(`${name}.${inner}`, one, types));
  }
  if (isListType(type)) {
    if (!Array.isArray(value) || value.length === 0) return [`${name} is a ${type}, and ${JSON.stringify(value)} is no list`];
    const one = type.slice(0, -2);
    return value.flatMap((item: FieldValue) => (fits(item, one) ? [] : [`${name}: ${JSON.stringify(item)} is no ${one}`]));
  }
  // Names below may be declared, too.
  if (type === 'object' && isObject(value)) {
    return Object.entries(value).flatMap(([inner, one]) =>
      types.has(`${name}.${inner}`) ? problemsAt(`${name}.${inner}`, one, types) : [],
    );
  }
  return fits(value, type) ? [] : [`${name}: ${JSON.stringify(value)} is no ${type}`];
}

function isListType(type: FieldType): boolean {
  return type.endsWith('[]');
}

function fits(value: FieldValue, type: string): boolean {
  switch (type) {
    case 'keyword':
    case 'match_only_text':
    case 'wildcard':
      return typeof value === 'string';
    case 'long':
      return Number.isSafeInteger(value);
    case 'double':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'ip':
      return typeof value === 'string' && isIP(value) > 0;
    case 'object':
    case 'flattened':
      return isObject(value);
    default:
      throw new Error(`no sample has a field of type ${type} yet`);
  }
}
