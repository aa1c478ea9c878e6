/** Keys of senders that may send the same request again, such as HTTP clients. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, only } from '@tributary/shared/sqlite/row.ts';

export class IdempotencyTable {
  readonly #use;
  readonly #forget;
  readonly #newest;
  readonly #refresh;

  constructor(db: DatabaseSync) {
    this.#use = db.prepare(`
      INSERT INTO idempotency_key (key, at_ms) VALUES (:key, :atMs)
      ON CONFLICT (key) DO UPDATE SET at_ms = :atMs WHERE at_ms <= :forgottenMs`);
    this.#forget = db.prepare('DELETE FROM idempotency_key WHERE at_ms <= ?');
    this.#newest = db.prepare('SELECT ifnull(max(at_ms), 0) AS at_ms FROM idempotency_key');
    this.#refresh = db.prepare('UPDATE idempotency_key SET at_ms = ? WHERE at_ms > ?');
  }

  /** True when the key was not used since `forgottenMs`. */
  use(key: string, atMs: number, forgottenMs: number): boolean {
    return this.#use.run({ key, atMs, forgottenMs }).changes === 1;
  }

  /**
   * For the start: while the store was away nobody could send again. One that comes back when all keys would be forgotten remembers those
   * that it knew as it went for their time once more.
   */
  cameBack(nowMs: number, keepMs: number): void {
    const newestMs = integer(only(this.#newest.get()), 'at_ms');
    if (newestMs <= nowMs - keepMs) this.#refresh.run(nowMs, newestMs - keepMs);
  }

  forget(forgottenMs: number): void {
    this.#forget.run(forgottenMs);
  }
}
