import { join } from 'node:path';

/** Where the hub's database is; `archive search` opens it for reading beside a running hub. */
export function databaseFile(folder: string): string {
  return join(folder, 'hub.db');
}
