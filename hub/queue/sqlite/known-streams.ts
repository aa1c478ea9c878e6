import type { DatabaseSync } from 'node:sqlite';
import { integer, optionalInteger, text } from '@tributary/shared/sqlite/row.ts';
import type { KnownStream } from '../queue.ts';

/** In the order of their rows. */
export function knownStreams(db: DatabaseSync, { after, entries }: { after: number; entries: number }): KnownStream[] {
  const query =
    'SELECT id, site_id, agent_id, stream_id, channel, held, closed_at, closed_ms FROM stream WHERE id > ? ORDER BY id LIMIT ?';
  return db
    .prepare(query)
    .all(after, entries)
    .map((row) => {
      const [position, atMs] = [optionalInteger(row, 'closed_at'), optionalInteger(row, 'closed_ms')];
      return {
        partition: 0,
        row: integer(row, 'id'),
        key: { siteId: text(row, 'site_id'), agentId: text(row, 'agent_id'), streamId: text(row, 'stream_id') },
        channel: text(row, 'channel'),
        held: integer(row, 'held'),
        closed: position === undefined || atMs === undefined ? undefined : { position, atMs },
      };
    });
}
