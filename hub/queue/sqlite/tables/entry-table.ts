/** Entries of topics: bodies and what is known of them without looking inside. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, type Row } from '@tributary/shared/sqlite/row.ts';

export interface EntryRow {
  readonly topic: number;
  readonly sequence: number;
  readonly receivedMs: number;
  readonly createdMs: number;
  readonly format: string;
  readonly records: number;
  readonly inflatedBytes: number;
  readonly bodyBytes: number;
  readonly recordsThrough: number;
  readonly bytesThrough: number;
  readonly segments: string;
  readonly trims: string;
  readonly body: Uint8Array;
}

/** Sums over a topic up to and including one entry. */
export interface EntrySums {
  readonly sequence: number;
  readonly receivedMs: number;
  readonly records: number;
  readonly bodyBytes: number;
  readonly recordsThrough: number;
  readonly bytesThrough: number;
}

export class EntryTable {
  readonly #insert;
  readonly #sumsAt;
  readonly #sumsAfter;
  readonly #deleteThrough;

  constructor(db: DatabaseSync) {
    const sums = 'sequence, received_ms, records, body_bytes, records_through, bytes_through';
    this.#insert = db.prepare(`
      INSERT INTO entry (topic, sequence, received_ms, created_ms, format, records, inflated_bytes, body_bytes,
        records_through, bytes_through, segments, trims, body)
      VALUES (:topic, :sequence, :receivedMs, :createdMs, :format, :records, :inflatedBytes, :bodyBytes,
        :recordsThrough, :bytesThrough, :segments, :trims, :body)`);
    this.#sumsAt = db.prepare(`SELECT ${sums} FROM entry WHERE topic = ? AND sequence = ?`);
    this.#sumsAfter = db.prepare(`SELECT ${sums} FROM entry WHERE topic = ? AND sequence > ? ORDER BY sequence LIMIT ?`);
    this.#deleteThrough = db.prepare('DELETE FROM entry WHERE topic = ? AND sequence <= ?');
  }

  insert(row: EntryRow): void {
    this.#insert.run({ ...row });
  }

  sumsAt(topic: number, sequence: number): EntrySums | undefined {
    const row = this.#sumsAt.get(topic, sequence);
    return row === undefined ? undefined : sumsOf(row);
  }

  sumsAfter(topic: number, sequence: number, limit: number): EntrySums[] {
    return this.#sumsAfter.all(topic, sequence, limit).map(sumsOf);
  }

  deleteThrough(topic: number, sequence: number): void {
    this.#deleteThrough.run(topic, sequence);
  }
}

function sumsOf(row: Row): EntrySums {
  return {
    sequence: integer(row, 'sequence'),
    receivedMs: integer(row, 'received_ms'),
    records: integer(row, 'records'),
    bodyBytes: integer(row, 'body_bytes'),
    recordsThrough: integer(row, 'records_through'),
    bytesThrough: integer(row, 'bytes_through'),
  };
}
