/**
 * Reads columns of a result row with their types checked: what comes back from a file is asserted where it enters the code,
 * since a schema and the code that reads it can disagree only through a mistake of ours.
 */
import type { SQLOutputValue } from 'node:sqlite';
import { assert } from '../assert.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

export function integer(row: Row, column: string): number {
  const value = row[column];
  assert(typeof value === 'number' && Number.isSafeInteger(value), `column ${column} is an integer`);
  return value;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  assert(typeof value === 'string', `column ${column} is text`);
  return value;
}

export function blob(row: Row, column: string): Uint8Array<ArrayBuffer> {
  const value = row[column];
  assert(value instanceof Uint8Array, `column ${column} is a blob`);
  return value;
}

/** Undefined where the column is NULL. */
export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integer(row, column);
}

/** The single row of a query that always has one, such as a sum. */
export function only(row: Row | undefined): Row {
  assert(row !== undefined, 'the query has a row');
  return row;
}
