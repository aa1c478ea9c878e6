/** What is different between two states of a document. */
import { isDeepStrictEqual } from 'node:util';
import { type Fields, type FieldValue, isObject } from '../record/fields.ts';
import type { FieldChange } from './tried.ts';

/** Lists are compared as wholes. In the order of the fields as they are now, those that are gone behind them. */
export function fieldChanges(before: Fields, after: Fields): FieldChange[] {
  const changes: FieldChange[] = [];
  compare(before, after, { prefix: '', changes });
  return changes;
}

/** All values, by their whole names. Objects without members are values. */
export function flatFields(fields: Fields, prefix = ''): (readonly [field: string, value: FieldValue])[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const field = `${prefix}${name}`;
    return isObject(value) && Object.keys(value).length > 0 ? flatFields(value, `${field}.`) : [[field, value] as const];
  });
}

interface Comparison {
  readonly prefix: string;
  readonly changes: FieldChange[];
}

function compare(before: Fields, after: Fields, { prefix, changes }: Comparison): void {
  for (const name of new Set([...Object.keys(after), ...Object.keys(before)])) {
    const was = Object.hasOwn(before, name) ? before[name] : undefined;
    const is = Object.hasOwn(after, name) ? after[name] : undefined;
    if (isObject(was) && isObject(is)) {
      compare(was, is, { prefix: `${prefix}${name}.`, changes });
      continue;
    }
    if (isDeepStrictEqual(was, is)) continue;
    const field = `${prefix}${name}`;
    // Each value of an object that came or went is told.
    const gone = isObject(was) ? flatFields({ [name]: was }, prefix) : [];
    const come = isObject(is) ? flatFields({ [name]: is }, prefix) : [];
    if (gone.length + come.length === 0)
      changes.push({ field, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) });
    else {
      if (was !== undefined && gone.length === 0) gone.push([field, was]);
      if (is !== undefined && come.length === 0) come.push([field, is]);
      changes.push(...gone.map(([one, value]) => ({ field: one, before: value })));
      changes.push(...come.map(([one, value]) => ({ field: one, after: value })));
    }
  }
}
