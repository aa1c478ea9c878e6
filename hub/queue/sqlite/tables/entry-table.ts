/** Entries of topics: bodies and what is known of them without looking inside. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, type Row, text } from '@tributary/shared/sqlite/row.ts';

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
  readonly envelope: string;
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
  readonly #firstSince;
  readonly #placesBetween;

  constructor(db: DatabaseSync) {
    const sums = 'sequence, received_ms, records, body_bytes, records_through, bytes_through';
    this.#insert = db.prepare(`
      INSERT INTO entry (topic, sequence, received_ms, created_ms, format, records, inflated_bytes, body_bytes,
        records_through, bytes_through, segments, envelope, body)
      VALUES (:topic, :sequence, :receivedMs, :createdMs, :format, :records, :inflatedBytes, :bodyBytes,
        :recordsThrough, :bytesThrough, :segments, :envelope, :body)`);
    this.#sumsAt = db.prepare(`SELECT ${sums} FROM entry WHERE topic = ? AND sequence = ?`);
    this.#sumsAfter = db.prepare(`SELECT ${sums} FROM entry WHERE topic = ? AND sequence > ? ORDER BY sequence LIMIT ?`);
    this.#firstSince = db.prepare(`
      SELECT sequence FROM entry WHERE topic = ? AND received_ms >= ? ORDER BY sequence LIMIT 1`);
    this.#placesBetween = db.prepare(`
      SELECT segments, envelope FROM entry WHERE topic = ? AND sequence > ? AND sequence <= ? ORDER BY sequence`);
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

  /** Receive times never go back, so all behind it came at that time or after it. */
  firstSince(topic: number, receivedMs: number): number | undefined {
    const row = this.#firstSince.get(topic, receivedMs);
    return row === undefined ? undefined : integer(row, 'sequence');
  }

  /** What the entries behind `after`, up to and including `to`, hold of which streams (segments.ts). */
  *placesBetween(topic: number, after: number, to: number): Generator<{ readonly segments: string; readonly envelope: string }> {
    for (const row of this.#placesBetween.iterate(topic, after, to)) {
      yield { segments: text(row, 'segments'), envelope: text(row, 'envelope') };
    }
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
