/**
 * Keeps a second process out of a data folder. The lock is SQLite's exclusive one on an empty database beside the real one: the
 * operating system takes it back when its owner dies in whatever way, and it needs no room on the disk.
 */
import { DatabaseSync } from 'node:sqlite';

const sqliteBusy = 5;

export class ProcessLock implements Disposable {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Undefined while somebody else, in this process or another, holds it. */
  static take(file: string): ProcessLock | undefined {
    const db = new DatabaseSync(file, { timeout: 0 });
    try {
      // A journal on disk would be begun at once, and on a full disk it cannot be. Nothing is ever written.
      db.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
      return new ProcessLock(db);
    } catch (error) {
      db.close();
      if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
