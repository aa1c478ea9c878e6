/** Streams as the agent's buffer has them, also while the agent runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { readStreams } from '../../buffer/sql/stream-rows.ts';
import type { StreamState } from '../../inputs/input.ts';

export interface StoredStreams {
  readonly streams: readonly StreamState[];
  /** Why they are not known; empty when they are. */
  readonly trouble: string;
}

export function storedStreams(dataDir: string): StoredStreams {
  const file = join(dataDir, 'buffer.db');
  if (!existsSync(file)) return { streams: [], trouble: 'there is no buffer yet' };
  try {
    const db = openDatabase(file, { readOnly: true });
    try {
      return { streams: [...readStreams(db)], trouble: '' };
    } finally {
      db.close();
    }
  } catch (error) {
    return { streams: [], trouble: `the buffer cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
