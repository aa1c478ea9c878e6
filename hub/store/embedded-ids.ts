/** Which site and hub a data folder's own database is of: a hub that was alone stays who it is when its store moves to Redis. */
import { existsSync } from 'node:fs';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { databaseFile } from '../queue/sqlite/database-file.ts';
import type { SiteIds } from './hub-store.ts';

/** Undefined where there is no database, or none that says so. */
export function embeddedIds(folder: string): SiteIds | undefined {
  const file = databaseFile(folder);
  if (!existsSync(file)) return undefined;
  const db = openDatabase(file, { readOnly: true });
  try {
    const value = db.prepare('SELECT value FROM meta WHERE key = ?');
    const [siteId, hubId] = ['site_id', 'hub_id'].map((key) => value.get(key)?.['value']);
    return typeof siteId === 'string' && typeof hubId === 'string' ? { siteId, hubId } : undefined;
  } finally {
    db.close();
  }
}
