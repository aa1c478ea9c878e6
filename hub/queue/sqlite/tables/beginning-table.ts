/** Where streams were when a reader group was made: what lies before it is nothing that the group misses. */
import type { DatabaseSync } from 'node:sqlite';

export class BeginningTable {
  readonly #keepHeld;
  readonly #lower;
  readonly #forget;

  constructor(db: DatabaseSync) {
    this.#keepHeld = db.prepare(`
      INSERT INTO group_beginning (reader_group, stream, position)
      SELECT ?, id, held FROM stream WHERE channel = ? AND held > start`);
    this.#lower = db.prepare('UPDATE group_beginning SET position = min(position, ?) WHERE reader_group = ? AND stream = ?');
    this.#forget = db.prepare('DELETE FROM group_beginning WHERE reader_group = ?');
  }

  /** All streams of a channel begin where they are held. */
  keepHeld(group: number, channel: string): void {
    this.#keepHeld.run(group, channel);
  }

  lower(group: number, stream: number, position: number): void {
    this.#lower.run(position, group, stream);
  }

  forget(group: number): void {
    this.#forget.run(group);
  }
}
