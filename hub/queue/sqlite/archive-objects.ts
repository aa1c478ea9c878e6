import type { DatabaseSync } from 'node:sqlite';
import { integer, optionalInteger, type Row, text } from '@tributary/shared/sqlite/row.ts';
import type { ArchiveObject } from '../queue.ts';

/** The rough index, in the order of archiving. Needs only a read-only connection, so that a search works beside a running hub. */
export function archiveObjects(db: DatabaseSync): ArchiveObject[] {
  const query = `SELECT name, channel, partition, first, last, received_ms_min, received_ms_max, event_ms_min, event_ms_max,
    records, raw_bytes, object_bytes, sha256, hosts, frames FROM archive_object ORDER BY id`;
  return db.prepare(query).all().map(archiveObject);
}

function archiveObject(row: Row): ArchiveObject {
  return {
    name: text(row, 'name'),
    channel: text(row, 'channel'),
    partition: integer(row, 'partition'),
    first: integer(row, 'first'),
    last: integer(row, 'last'),
    receivedMsMin: integer(row, 'received_ms_min'),
    receivedMsMax: integer(row, 'received_ms_max'),
    eventMsMin: optionalInteger(row, 'event_ms_min'),
    eventMsMax: optionalInteger(row, 'event_ms_max'),
    records: integer(row, 'records'),
    rawBytes: integer(row, 'raw_bytes'),
    objectBytes: integer(row, 'object_bytes'),
    sha256: text(row, 'sha256'),
    hosts: JSON.parse(text(row, 'hosts')),
    frames: JSON.parse(text(row, 'frames')),
  };
}
