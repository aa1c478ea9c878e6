/** Ranges of streams that were declared lost. */
import type { DatabaseSync } from 'node:sqlite';
import type { KeptRange } from '@tributary/protocol/trims.ts';
import { integer, text } from '@tributary/shared/sqlite/row.ts';

export class GapTable {
  readonly #insert;
  readonly #coveringFrom;
  readonly #within;
  readonly #shorten;
  readonly #delete;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO gap (stream, first, until, cause, at_ms) VALUES (?, ?, ?, ?, ?)');
    this.#within = db.prepare(`
      SELECT id, first, until, cause, at_ms FROM gap WHERE stream = ? AND first < ? AND until > ? ORDER BY first`);
    this.#shorten = db.prepare('UPDATE gap SET until = ? WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM gap WHERE id = ?');
    this.#coveringFrom = db.prepare('SELECT until FROM gap WHERE stream = ? AND first = ?');
  }

  insert(stream: number, range: KeptRange, cause: string, atMs: number): void {
    this.#insert.run(stream, range.from, range.to, cause, atMs);
  }

  /** Gaps that overlap a range, in the order of their positions. */
  within(stream: number, { from, to }: KeptRange): KeptRange[] {
    const rows = this.#within.all(stream, to, from);
    return rows.map((row) => ({ from: integer(row, 'first'), to: integer(row, 'until') }));
  }

  /** Takes a range out of the gaps that it overlaps. Returns how many positions of it they had. */
  fill(stream: number, { from, to }: KeptRange): number {
    let filled = 0;
    for (const row of this.#within.all(stream, to, from)) {
      const gap = { id: integer(row, 'id'), from: integer(row, 'first'), to: integer(row, 'until') };
      filled += Math.min(gap.to, to) - Math.max(gap.from, from);
      if (gap.from < from) this.#shorten.run(from, gap.id);
      else this.#delete.run(gap.id);
      if (gap.to > to) this.insert(stream, { from: to, to: gap.to }, text(row, 'cause'), integer(row, 'at_ms'));
    }
    return filled;
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
