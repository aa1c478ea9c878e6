/** Lists and objects as they stand in a column. Written and read only here and by this program, so they are what they say. */
import { assert } from '@tributary/shared/assert.ts';
import { type Row, text } from '@tributary/shared/sqlite/row.ts';
import { everyTenant, type Grant } from '../../../access/access.ts';
import type { RefusedCopy } from '../../registry.ts';

export function tenantsText(tenants: readonly string[] | 'all'): string {
  return JSON.stringify(tenants === 'all' ? [everyTenant] : tenants);
}

export function tenantsOf(row: Row, column: string): readonly string[] | 'all' {
  const tenants = list(row, column);
  return tenants[0] === everyTenant ? 'all' : tenants;
}

export function list(row: Row, column: string): readonly string[] {
  const value: unknown = JSON.parse(text(row, column));
  assert(Array.isArray(value), `column ${column} is a list`);
  return value;
}

export function labels(row: Row, column: string): Readonly<Record<string, string>> {
  const value: unknown = JSON.parse(text(row, column));
  assert(typeof value === 'object' && value !== null, `column ${column} is an object`);
  return Object.fromEntries(Object.entries(value));
}

export function grants(row: Row, column: string): readonly Grant[] {
  const value: unknown = JSON.parse(text(row, column));
  assert(Array.isArray(value), `column ${column} is a list`);
  return value;
}

export function refusedCopy(row: Row, column: string): RefusedCopy | undefined {
  const copy = optionalText(row, column);
  if (copy === undefined) return undefined;
  const { seenMs, address, bootId }: RefusedCopy = JSON.parse(copy);
  return { seenMs, address, bootId };
}

export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column);
}

export function oneOf<Name extends string>(row: Row, column: string, names: readonly Name[]): Name {
  const value = text(row, column);
  const found = names.find((name) => name === value);
  assert(found !== undefined, `column ${column} is one of ${names.join(', ')}`);
  return found;
}
