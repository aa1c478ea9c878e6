/** Keys of senders that may send the same request again, such as HTTP clients. */
import type { DatabaseSync } from 'node:sqlite';

export class IdempotencyTable {
  readonly #use;
  readonly #forget;

  constructor(db: DatabaseSync) {
    this.#use = db.prepare(`
      INSERT INTO idempotency_key (key, at_ms) VALUES (:key, :atMs)
      ON CONFLICT (key) DO UPDATE SET at_ms = :atMs WHERE at_ms <= :forgottenMs`);
    this.#forget = db.prepare('DELETE FROM idempotency_key WHERE at_ms <= ?');
  }

  /** True when the key was not used since `forgottenMs`. */
  use(key: string, atMs: number, forgottenMs: number): boolean {
    return this.#use.run({ key, atMs, forgottenMs }).changes === 1;
  }

  forget(forgottenMs: number): void {
    this.#forget.run(forgottenMs);
  }
}
