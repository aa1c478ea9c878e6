/** Ids of the store, drawn when it is made. */
import type { DatabaseSync } from 'node:sqlite';
import { only, text } from '@tributary/shared/sqlite/row.ts';

/** Returns what is stored under a key; stores `value` where nothing is. */
export function metaValue(db: DatabaseSync, key: string, value: string): string {
  db.prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING').run(key, value);
  return text(only(db.prepare('SELECT value FROM meta WHERE key = ?').get(key)), 'value');
}
