/** Small values that belong to this file alone. */
import type { DatabaseSync } from 'node:sqlite';
import { text } from '@tributary/shared/sqlite/row.ts';

/** How far the copy of a site's registry is (redis/position.ts). Where it is set, only the site's store may change what is here. */
export const positionKey = 'position';

export class LocalTable {
  readonly #find;
  readonly #put;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT value FROM local WHERE key = ?');
    this.#put = db.prepare('INSERT INTO local (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  }

  find(key: string): string | undefined {
    const row = this.#find.get(key);
    return row === undefined ? undefined : text(row, 'value');
  }

  put(key: string, value: string): void {
    this.#put.run(key, value);
  }
}
