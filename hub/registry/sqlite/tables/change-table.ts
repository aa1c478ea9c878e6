/** Notes of what changed, by triggers. They are numbered without holes, so a reader sees when some are gone that it did not read. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, only, type Row, text } from '@tributary/shared/sqlite/row.ts';

export interface Change {
  readonly revision: number;
  /** The table. */
  readonly kind: string;
  readonly key: string;
}

export class ChangeTable {
  readonly #after;
  readonly #newest;
  readonly #remove;

  constructor(db: DatabaseSync) {
    this.#after = db.prepare('SELECT revision, kind, key FROM change WHERE revision > ? ORDER BY revision LIMIT ?');
    this.#newest = db.prepare('SELECT ifnull(max(revision), 0) AS n FROM change');
    this.#remove = db.prepare('DELETE FROM change WHERE revision <= ?');
  }

  after(revision: number, max: number): Change[] {
    return this.#after.all(revision, max).map(change);
  }

  newest(): number {
    return integer(only(this.#newest.get()), 'n');
  }

  /** All but the newest. */
  keep(newest: number): void {
    this.#remove.run(this.newest() - newest);
  }
}

function change(row: Row): Change {
  return { revision: integer(row, 'revision'), kind: text(row, 'kind'), key: text(row, 'key') };
}
