/**
 * Copies what is whole out of a damaged buffer: streams whose row can be read, and unacked batches whose row can be read and whose
 * body fits its checksum. A damaged page ends a scan, so the table is read from both ends, and row by row in between.
 * What is not whole is no loss yet: the site tells what it has, and the sources are read again from there (adoption.ts).
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { batchOf, BatchRows, BodyReader, type BatchRow } from './sql/batch-rows.ts';
import { readStreams, StreamRows } from './sql/stream-rows.ts';
import type { StreamState } from '../inputs/input.ts';
import type { WholeBatch } from './writer-contract.ts';

export interface Salvaged {
  readonly streams: number;
  readonly batches: number;
  readonly unreadable: number;
}

/** Rows looked up one by one between two damaged places, at most. */
const probesMax = 200_000;

export function salvage(from: string, into: DatabaseSync): Salvaged {
  let old: DatabaseSync;
  try {
    old = openDatabase(from, { readOnly: true });
  } catch {
    return { streams: 0, batches: 0, unreadable: 0 };
  }
  into.exec('BEGIN IMMEDIATE');
  try {
    const streams = copyStreams(old, into);
    const result = { streams, ...copyBatches(old, into) };
    into.exec('COMMIT');
    return result;
  } catch (error) {
    if (into.isTransaction) into.exec('ROLLBACK');
    throw error;
  } finally {
    old.close();
  }
}

function copyStreams(old: DatabaseSync, into: DatabaseSync): number {
  const rows = new StreamRows(into);
  let count = 0;
  for (const stream of readableStreams(old)) {
    rows.put(stream);
    count += 1;
  }
  return count;
}

function copyBatches(old: DatabaseSync, into: DatabaseSync): { batches: number; unreadable: number } {
  const rows = new BatchRows(into);
  const count = { batches: 0, unreadable: 0 };
  for (const whole of wholeBatches(old)) {
    if (whole === undefined) count.unreadable += 1;
    else {
      rows.insert(whole);
      count.batches += 1;
    }
  }
  return count;
}

/** Unacked batches in the order of their ids; undefined for one whose row can be read and whose body is not what was written. */
export function* wholeBatches(old: DatabaseSync): Generator<WholeBatch | undefined> {
  for (const { batch, overflow, ackedMs } of readableRows(old).toSorted((a, b) => a.batch.id - b.batch.id)) {
    if (ackedMs !== undefined) continue;
    const body = readBody(old, batch);
    yield body === undefined ? undefined : { batch, overflow, body: new Uint8Array(body) };
  }
}

/** Streams whose rows can be read: a damaged page ends the scan. */
export function* readableStreams(old: DatabaseSync): Generator<StreamState> {
  try {
    yield* readStreams(old);
  } catch {
    // The rest cannot be read; the site knows these streams.
  }
}

function readBody(old: DatabaseSync, batch: BatchRow['batch']): Uint8Array | undefined {
  try {
    return new BodyReader(old).read(batch);
  } catch {
    return undefined;
  }
}

function readableRows(old: DatabaseSync): readonly BatchRow[] {
  const found = new Map<number, BatchRow>();
  const forward = scan(old, 'ASC', found);
  if (forward === 'whole') return [...found.values()];
  const lastForward = Math.max(0, ...found.keys());
  const before = found.size;
  scan(old, 'DESC', found);
  const behind = [...found.keys()].slice(before);
  const firstBehind = Math.min(...behind, lastForward + probesMax);
  probe(old, { from: lastForward + 1, to: Math.min(firstBehind, lastForward + probesMax) }, found);
  return [...found.values()];
}

function scan(old: DatabaseSync, direction: 'ASC' | 'DESC', found: Map<number, BatchRow>): 'whole' | 'broken' {
  try {
    const statement = old.prepare(`SELECT * FROM batches WHERE rejected IS NULL ORDER BY id ${direction}`);
    for (const row of statement.iterate()) keep(row, found);
    return 'whole';
  } catch {
    return 'broken';
  }
}

function probe(old: DatabaseSync, ids: { readonly from: number; readonly to: number }, found: Map<number, BatchRow>): void {
  for (let id = ids.from; id < ids.to; id += 1) {
    try {
      const row = old.prepare('SELECT * FROM batches WHERE id = ? AND rejected IS NULL').get(id);
      if (row !== undefined) keep(row, found);
    } catch {
      // This row's page is damaged.
    }
  }
}

/** A row may be readable and its content not: text that is not what was written is left out. */
function keep(row: Record<string, SQLOutputValue>, found: Map<number, BatchRow>): void {
  try {
    const read = batchOf(row);
    if (Number.isSafeInteger(read.batch.id)) found.set(read.batch.id, read);
  } catch {
    // Not ours any more.
  }
}
