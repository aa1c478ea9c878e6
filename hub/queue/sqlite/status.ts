/** The store's figures, all from sums that are kept where the data is. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, only, optionalInteger, text } from '@tributary/shared/sqlite/row.ts';
import type { ArchivedSums, ChannelStatus, GroupStatus, QueueStatus, TopicStatus } from '../queue.ts';
import { topicRow } from './tables/topic-table.ts';

export type StoreFigures = Pick<QueueStatus, 'topics' | 'groups' | 'channels' | 'archived' | 'deadLetters'>;

/** All figures of one moment: one read transaction. */
export function storeFigures(db: DatabaseSync): StoreFigures {
  db.exec('BEGIN');
  try {
    const deadLetters = integer(only(db.prepare('SELECT count(*) AS n FROM dead_letter').get()), 'n');
    return { topics: topics(db), groups: groups(db), channels: channels(db), archived: archived(db), deadLetters };
  } finally {
    db.exec('COMMIT');
  }
}

function topics(db: DatabaseSync): TopicStatus[] {
  const query = `SELECT id, name, partition, first_sequence, last_sequence, received_records, received_bytes, trimmed_bytes
    FROM topic ORDER BY name, partition`;
  return db
    .prepare(query)
    .all()
    .map((found) => {
      const row = topicRow(found);
      return {
        topic: row.name,
        partition: row.partition,
        firstSequence: row.firstSequence,
        lastSequence: row.lastSequence,
        entries: row.lastSequence - row.firstSequence + 1,
        bytes: row.receivedBytes - row.trimmedBytes,
        receivedRecords: row.receivedRecords,
        receivedBytes: row.receivedBytes,
      };
    });
}

function groups(db: DatabaseSync): GroupStatus[] {
  const query = `SELECT topic.name AS topic, topic.partition, reader_group.name, policy, cursor, dropped_records, paused,
      last_sequence - cursor AS entries, received_records - passed_records AS records, received_bytes - passed_bytes AS bytes,
      (SELECT received_ms FROM entry WHERE entry.topic = topic.id AND entry.sequence = cursor + 1) AS oldest_ms
    FROM reader_group JOIN topic ON topic.id = reader_group.topic ORDER BY topic.name, topic.partition, reader_group.name`;
  return db
    .prepare(query)
    .all()
    .map((row) => ({
      topic: text(row, 'topic'),
      group: text(row, 'name'),
      partition: integer(row, 'partition'),
      policy: text(row, 'policy') === 'expiring' ? 'expiring' : 'blocking',
      cursor: integer(row, 'cursor'),
      entries: integer(row, 'entries'),
      records: integer(row, 'records'),
      bytes: integer(row, 'bytes'),
      oldestMs: optionalInteger(row, 'oldest_ms'),
      dropped: integer(row, 'dropped_records'),
      paused: integer(row, 'paused') === 1,
    }));
}

/** Exact up to what a number can say. What peers lie about may be more: that must not keep the figures of the others from anybody. */
function sumOf(expression: string): string {
  return `CAST(min(total(${expression}), ${Number.MAX_SAFE_INTEGER}) AS INTEGER)`;
}

function archived(db: DatabaseSync): ArchivedSums[] {
  return db
    .prepare('SELECT * FROM archive_sum ORDER BY channel')
    .all()
    .map((row) => ({
      channel: text(row, 'channel'),
      objects: integer(row, 'objects'),
      records: integer(row, 'records'),
      rawBytes: integer(row, 'raw_bytes'),
      objectBytes: integer(row, 'object_bytes'),
      restored: integer(row, 'restored'),
      leftOut: integer(row, 'left_out'),
      rejected: integer(row, 'rejected'),
      removed: integer(row, 'removed'),
    }));
}

/** Of the streams that are there, and of those that were forgotten. */
function channels(db: DatabaseSync): ChannelStatus[] {
  const query = `SELECT channel, count(stream) AS streams, ${sumOf('duplicates')} AS duplicates, ${sumOf('positions')} AS positions,
      ${sumOf('filtered')} AS filtered, ${sumOf('filtered_records')} AS filtered_records, ${sumOf('late')} AS late, ${sumOf('gaps')} AS gaps,
      ${sumOf('lost')} AS lost
    FROM (
      SELECT channel, id AS stream, duplicates, held - start AS positions, filtered, filtered_records, late,
        (SELECT count(*) FROM gap WHERE gap.stream = stream.id) AS gaps,
        (SELECT total(until - first) FROM gap WHERE gap.stream = stream.id) AS lost
      FROM stream
      UNION ALL SELECT channel, NULL, duplicates, positions, filtered, filtered_records, late, gaps, lost FROM stream_past
    ) GROUP BY channel ORDER BY channel`;
  return db
    .prepare(query)
    .all()
    .map((row) => ({
      channel: text(row, 'channel'),
      streams: integer(row, 'streams'),
      gaps: integer(row, 'gaps'),
      lost: integer(row, 'lost'),
      duplicates: integer(row, 'duplicates'),
      positions: integer(row, 'positions'),
      late: integer(row, 'late'),
      filtered: integer(row, 'filtered'),
      filteredRecords: integer(row, 'filtered_records'),
    }));
}
