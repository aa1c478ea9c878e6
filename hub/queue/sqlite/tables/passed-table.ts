/** When a topic's slowest group had passed which entry: what the replay window is counted from. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, type Row } from '@tributary/shared/sqlite/row.ts';

export interface PassedMark {
  readonly atMs: number;
  readonly sequence: number;
}

export class PassedTable {
  readonly #insert;
  readonly #newestBefore;
  readonly #deleteBefore;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT OR REPLACE INTO passed (topic, at_ms, sequence) VALUES (?, ?, ?)');
    this.#newestBefore = db.prepare(
      'SELECT at_ms, sequence FROM passed WHERE topic = ? AND at_ms <= ? ORDER BY at_ms DESC LIMIT 1',
    );
    this.#deleteBefore = db.prepare('DELETE FROM passed WHERE topic = ? AND at_ms < ?');
  }

  insert(topic: number, mark: PassedMark): void {
    this.#insert.run(topic, mark.atMs, mark.sequence);
  }

  newestBefore(topic: number, atMs: number): PassedMark | undefined {
    const row: Row | undefined = this.#newestBefore.get(topic, atMs);
    return row === undefined ? undefined : { atMs: integer(row, 'at_ms'), sequence: integer(row, 'sequence') };
  }

  deleteBefore(topic: number, atMs: number): void {
    this.#deleteBefore.run(topic, atMs);
  }
}
