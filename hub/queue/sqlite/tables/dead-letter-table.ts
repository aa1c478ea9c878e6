/** Entries that could not be processed: kept whole, as the topic they came from will be trimmed (invariant 6). */
import type { DatabaseSync } from 'node:sqlite';

export class DeadLetterTable {
  readonly #keep;

  constructor(db: DatabaseSync) {
    this.#keep = db.prepare(`
      INSERT INTO dead_letter (topic, group_name, sequence, reason, at_ms,
        received_ms, created_ms, format, records, inflated_bytes, segments, envelope, body)
      SELECT topic, :group, sequence, :reason, :atMs, received_ms, created_ms, format, records, inflated_bytes, segments, envelope, body
      FROM entry WHERE topic = :topic AND sequence = :sequence`);
  }

  /** False when there is no such entry. */
  keep(letter: { topic: number; sequence: number; group: string; reason: string; atMs: number }): boolean {
    return this.#keep.run({ ...letter }).changes === 1;
  }
}
