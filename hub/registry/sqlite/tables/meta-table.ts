/** Small values that belong to the site. */
import type { DatabaseSync } from 'node:sqlite';
import { text } from '@tributary/shared/sqlite/row.ts';

export class MetaTable {
  readonly #find;
  readonly #all;
  readonly #put;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT value FROM meta WHERE key = ?');
    this.#all = db.prepare('SELECT key, value FROM meta');
    this.#put = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  }

  find(key: string): string | undefined {
    const row = this.#find.get(key);
    return row === undefined ? undefined : text(row, 'value');
  }

  all(): (readonly [key: string, value: string])[] {
    return this.#all.all().map((row) => [text(row, 'key'), text(row, 'value')] as const);
  }

  put(key: string, value: string): void {
    this.#put.run(key, value);
  }
}
