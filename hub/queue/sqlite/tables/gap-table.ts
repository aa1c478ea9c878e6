/** Ranges of streams that will never come. */
import type { DatabaseSync } from 'node:sqlite';
import type { GapCause } from '@tributary/protocol/messages.ts';
import { integer } from '@tributary/shared/sqlite/row.ts';

export class GapTable {
  readonly #insert;
  readonly #coveringFrom;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO gap (stream, first, until, cause, at_ms) VALUES (?, ?, ?, ?, ?)');
    this.#coveringFrom = db.prepare('SELECT until FROM gap WHERE stream = ? AND first = ?');
  }

  insert(stream: number, range: { readonly from: number; readonly to: number }, cause: GapCause, atMs: number): void {
    this.#insert.run(stream, range.from, range.to, cause, atMs);
  }

  /** The position behind the gaps that begin at `position`; `position` itself where none does. */
  behind(stream: number, position: number): number {
    let end = position;
    for (;;) {
      const row = this.#coveringFrom.get(stream, end);
      if (row === undefined) return end;
      end = integer(row, 'until');
    }
  }
}
