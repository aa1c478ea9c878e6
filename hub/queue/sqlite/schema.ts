/**
 * The tables of hub.db; docs/STORAGE.md tells how they belong together and what a crash leaves.
 *
 * - `…_through` of an entry are sums over its topic up to and including it, and `passed_…` of a group the sums up to its cursor, so
 *   that depth and bytes of every group are differences and never a scan, and the books (invariant 8) are kept where the data is.
 * - An entry's body is its last column: its other columns are read without touching the overflow pages of the body.
 * - Entries name streams by row, as identity and attributes would outweigh the bodies of small batches.
 * - Columns that came later stand behind the body, where reading them would go through all of it: so what an entry has to say besides
 *   is put into its `envelope`.
 */
import type { MigrationStep } from '@tributary/shared/sqlite/migrate.ts';

const version1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE stream (
  id INTEGER PRIMARY KEY,
  site_id TEXT NOT NULL, agent_id TEXT NOT NULL, stream_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  attributes TEXT NOT NULL, identity TEXT NOT NULL, origin TEXT NOT NULL,
  start INTEGER NOT NULL,
  held INTEGER NOT NULL, held_mark TEXT NOT NULL,
  archived INTEGER NOT NULL,
  closed_at INTEGER,
  duplicates INTEGER NOT NULL DEFAULT 0,
  filtered INTEGER NOT NULL DEFAULT 0, filtered_records INTEGER NOT NULL DEFAULT 0,
  UNIQUE (site_id, agent_id, stream_id),
  CHECK (start <= held AND start <= archived AND archived <= held)
) STRICT;

CREATE TABLE gap (
  id INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL,
  first INTEGER NOT NULL, until INTEGER NOT NULL,
  cause TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  CHECK (first < until)
) STRICT;
CREATE INDEX gap_stream ON gap (stream, first);

CREATE TABLE topic (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, partition INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL DEFAULT 1, last_sequence INTEGER NOT NULL DEFAULT 0,
  last_received_ms INTEGER NOT NULL DEFAULT 0,
  received_records INTEGER NOT NULL DEFAULT 0, received_bytes INTEGER NOT NULL DEFAULT 0,
  trimmed_bytes INTEGER NOT NULL DEFAULT 0,
  UNIQUE (name, partition)
) STRICT;

CREATE TABLE entry (
  id INTEGER PRIMARY KEY,
  topic INTEGER NOT NULL, sequence INTEGER NOT NULL,
  received_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  format TEXT NOT NULL,
  records INTEGER NOT NULL, inflated_bytes INTEGER NOT NULL, body_bytes INTEGER NOT NULL,
  records_through INTEGER NOT NULL, bytes_through INTEGER NOT NULL,
  segments TEXT NOT NULL, trims TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX entry_place ON entry (topic, sequence, received_ms, inflated_bytes, body_bytes);

CREATE TABLE reader_group (
  id INTEGER PRIMARY KEY,
  topic INTEGER NOT NULL, name TEXT NOT NULL,
  policy TEXT NOT NULL, age_ms_max INTEGER, bytes_max INTEGER,
  cursor INTEGER NOT NULL, passed_records INTEGER NOT NULL, passed_bytes INTEGER NOT NULL,
  dropped_records INTEGER NOT NULL DEFAULT 0,
  epoch INTEGER NOT NULL DEFAULT 0, owner TEXT, expires_ms INTEGER NOT NULL DEFAULT 0,
  UNIQUE (topic, name)
) STRICT;

CREATE TABLE passed (
  topic INTEGER NOT NULL, at_ms INTEGER NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY (topic, at_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY,
  topic INTEGER NOT NULL, group_name TEXT NOT NULL, sequence INTEGER NOT NULL,
  reason TEXT NOT NULL, at_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  format TEXT NOT NULL, records INTEGER NOT NULL, inflated_bytes INTEGER NOT NULL,
  segments TEXT NOT NULL, trims TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE archive_plan (
  reader_group INTEGER PRIMARY KEY,
  first INTEGER NOT NULL, last INTEGER NOT NULL,
  name TEXT NOT NULL, created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE archive_object (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL, partition INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL,
  received_ms_min INTEGER NOT NULL, received_ms_max INTEGER NOT NULL,
  event_ms_min INTEGER, event_ms_max INTEGER,
  records INTEGER NOT NULL, raw_bytes INTEGER NOT NULL, object_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL, hosts TEXT NOT NULL, frames TEXT NOT NULL
) STRICT;

CREATE TABLE archive_segment (
  object INTEGER NOT NULL, stream INTEGER NOT NULL,
  first INTEGER NOT NULL, until INTEGER NOT NULL
) STRICT;
CREATE INDEX archive_segment_stream ON archive_segment (stream, first);

CREATE TABLE idempotency_key (
  key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_key_age ON idempotency_key (at_ms);
`;

/** What was stored before has only its trims in the envelope (segments.ts reads both). */
const version2 = `
ALTER TABLE entry RENAME COLUMN trims TO envelope;
ALTER TABLE dead_letter RENAME COLUMN trims TO envelope;
ALTER TABLE stream ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN reached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN awaited TEXT NOT NULL DEFAULT '';
ALTER TABLE reader_group ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;

CREATE TABLE group_beginning (
  reader_group INTEGER NOT NULL, stream INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (reader_group, stream)
) STRICT, WITHOUT ROWID;
`;

/** Sums of the index, so that nobody has to read it for them. */
const version3 = `
CREATE TABLE archive_sum (
  channel TEXT PRIMARY KEY,
  objects INTEGER NOT NULL, records INTEGER NOT NULL, raw_bytes INTEGER NOT NULL, object_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO archive_sum SELECT channel, count(*), sum(records), sum(raw_bytes), sum(object_bytes) FROM archive_object GROUP BY channel;
CREATE TRIGGER archive_object_added AFTER INSERT ON archive_object BEGIN
  INSERT INTO archive_sum VALUES (NEW.channel, 1, NEW.records, NEW.raw_bytes, NEW.object_bytes)
  ON CONFLICT (channel) DO UPDATE SET objects = objects + 1, records = records + NEW.records,
    raw_bytes = raw_bytes + NEW.raw_bytes, object_bytes = object_bytes + NEW.object_bytes;
END;
`;

/** Which entry a group works on with nothing beside it, and how often it began; whether its last owner did not give it back. */
const version4 = `
ALTER TABLE reader_group ADD COLUMN tried_sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reader_group ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reader_group ADD COLUMN unclean INTEGER NOT NULL DEFAULT 0;
`;

/** What became of the records that the archive passed and that are in no row of its index. */
const version5 = `
ALTER TABLE archive_sum ADD COLUMN restored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE archive_sum ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;
ALTER TABLE archive_sum ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER archive_object_added;
CREATE TRIGGER archive_object_added AFTER INSERT ON archive_object BEGIN
  INSERT INTO archive_sum (channel, objects, records, raw_bytes, object_bytes)
  VALUES (NEW.channel, 1, NEW.records, NEW.raw_bytes, NEW.object_bytes)
  ON CONFLICT (channel) DO UPDATE SET objects = objects + 1, records = records + NEW.records,
    raw_bytes = raw_bytes + NEW.raw_bytes, object_bytes = object_bytes + NEW.object_bytes;
END;
INSERT INTO archive_sum (channel, objects, records, raw_bytes, object_bytes, rejected)
  SELECT substr(topic.name, instr(topic.name, '/') + 1) AS channel, 0, 0, 0, 0, sum(dead_letter.records)
  FROM dead_letter JOIN topic ON topic.id = dead_letter.topic WHERE group_name = 'archive' GROUP BY channel
  ON CONFLICT (channel) DO UPDATE SET rejected = excluded.rejected;
`;

/** What housekeeping needs: when a stream was closed, sums of those that are forgotten, and rows of the index that go. */
const version6 = `
ALTER TABLE stream ADD COLUMN closed_ms INTEGER;
CREATE TABLE stream_past (
  channel TEXT PRIMARY KEY,
  duplicates INTEGER NOT NULL, positions INTEGER NOT NULL, filtered INTEGER NOT NULL, filtered_records INTEGER NOT NULL,
  late INTEGER NOT NULL, gaps INTEGER NOT NULL, lost INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE archive_sum ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER archive_object_removed AFTER DELETE ON archive_object BEGIN
  UPDATE archive_sum SET objects = objects - 1, records = records - OLD.records, raw_bytes = raw_bytes - OLD.raw_bytes,
    object_bytes = object_bytes - OLD.object_bytes, removed = removed + OLD.records
  WHERE channel = OLD.channel;
END;
CREATE INDEX archive_segment_object ON archive_segment (object);
`;

export const schemaSteps: readonly MigrationStep[] = [version1, version2, version3, version4, version5, version6].map(
  (step) => (db) => db.exec(step),
);
