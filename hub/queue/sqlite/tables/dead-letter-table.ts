/** Entries that could not be processed: kept whole, as the topic they came from will be trimmed (invariant 6). */
import type { DatabaseSync } from 'node:sqlite';
import { blob, integer, type Row, text } from '@tributary/shared/sqlite/row.ts';
import type { DeadEntry } from '../../queue.ts';

/** As it was stored in its topic. */
export interface DeadLetterRow {
  readonly topic: number;
  readonly createdMs: number;
  readonly format: string;
  readonly records: number;
  readonly inflatedBytes: number;
  readonly segments: string;
  readonly envelope: string;
  readonly body: Uint8Array;
}

export class DeadLetterTable {
  readonly #keep;
  readonly #find;
  readonly #remove;

  constructor(db: DatabaseSync) {
    this.#keep = db.prepare(`
      INSERT INTO dead_letter (topic, group_name, sequence, reason, at_ms,
        received_ms, created_ms, format, records, inflated_bytes, segments, envelope, body)
      SELECT topic, :group, sequence, :reason, :atMs, received_ms, created_ms, format, records, inflated_bytes, segments, envelope, body
      FROM entry WHERE topic = :topic AND sequence = :sequence
      RETURNING records`);
    this.#find = db.prepare(`
      SELECT topic, created_ms, format, records, inflated_bytes, segments, envelope, body FROM dead_letter WHERE id = ?`);
    this.#remove = db.prepare('DELETE FROM dead_letter WHERE id = ?');
  }

  /** How many records it has; undefined when there is no such entry. */
  keep(letter: { topic: number; sequence: number; group: string; reason: string; atMs: number }): number | undefined {
    const row = this.#keep.get({ ...letter });
    return row === undefined ? undefined : integer(row, 'records');
  }

  find(id: number): DeadLetterRow | undefined {
    const row = this.#find.get(id);
    if (row === undefined) return undefined;
    return {
      topic: integer(row, 'topic'),
      createdMs: integer(row, 'created_ms'),
      format: text(row, 'format'),
      records: integer(row, 'records'),
      inflatedBytes: integer(row, 'inflated_bytes'),
      segments: text(row, 'segments'),
      envelope: text(row, 'envelope'),
      body: blob(row, 'body'),
    };
  }

  /** Whether there was one. */
  remove(id: number): boolean {
    return this.#remove.run(id).changes === 1;
  }
}

export const deadEntriesQuery = `SELECT dead_letter.id, topic.name, topic.partition, group_name, sequence, reason, at_ms, received_ms, records,
    length(body) AS bytes
  FROM dead_letter JOIN topic ON topic.id = dead_letter.topic WHERE dead_letter.id > ? ORDER BY dead_letter.id LIMIT ?`;

export function deadEntryOf(row: Row): DeadEntry {
  return {
    partition: integer(row, 'partition'),
    number: integer(row, 'id'),
    topic: text(row, 'name'),
    group: text(row, 'group_name'),
    sequence: integer(row, 'sequence'),
    reason: text(row, 'reason'),
    atMs: integer(row, 'at_ms'),
    receivedMs: integer(row, 'received_ms'),
    records: integer(row, 'records'),
    bytes: integer(row, 'bytes'),
  };
}
