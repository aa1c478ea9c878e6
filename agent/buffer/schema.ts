/**
 * The agent's tables. Bodies have a table of their own, so that acking or replacing rewrites a small row and never a body, and the
 * index is read at start without touching bodies.
 *
 * What is one transaction: a batch, its body, and the positions of its streams (invariant 2). A released step is never edited.
 */
import type { MigrationStep } from '@tributary/shared/sqlite/migrate.ts';

export const migrations: readonly MigrationStep[] = [
  (db) =>
    db.exec(`
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE streams (
  number     INTEGER PRIMARY KEY,
  stream_id  TEXT NOT NULL UNIQUE,
  identity   TEXT NOT NULL,
  attributes TEXT NOT NULL,
  start      INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  mark       TEXT NOT NULL,
  ended      INTEGER NOT NULL,
  replaced   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE batches (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  channel        TEXT NOT NULL,
  segments       TEXT NOT NULL,
  records        INTEGER NOT NULL,
  inflated_bytes INTEGER NOT NULL,
  body_bytes     INTEGER NOT NULL,
  checksum       INTEGER NOT NULL,
  created_ms     INTEGER NOT NULL,
  acked_ms       INTEGER,
  rejected       TEXT
) STRICT;

CREATE TABLE bodies (
  batch_id INTEGER PRIMARY KEY,
  body     BLOB NOT NULL
) STRICT;

CREATE TABLE losses (
  number        INTEGER PRIMARY KEY,
  stream_id     TEXT NOT NULL,
  from_position INTEGER NOT NULL,
  to_position   INTEGER NOT NULL,
  cause         TEXT NOT NULL,
  at_ms         INTEGER NOT NULL
) STRICT;
`),
  (db) =>
    db.exec(`
-- Streams of files that ended: see sql/finished-rows.ts.
CREATE TABLE finished (
  number             INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_id          TEXT NOT NULL UNIQUE,
  identity           TEXT NOT NULL,
  attributes         TEXT NOT NULL,
  start              INTEGER NOT NULL,
  position           INTEGER NOT NULL,
  mark               TEXT NOT NULL,
  device             TEXT NOT NULL,
  inode              TEXT NOT NULL,
  fingerprint        TEXT NOT NULL,
  fingerprint_length INTEGER NOT NULL,
  ended_ms           INTEGER NOT NULL
) STRICT;
CREATE INDEX finished_file ON finished (inode, device);
CREATE INDEX finished_fingerprint ON finished (fingerprint, fingerprint_length);
CREATE INDEX finished_ended ON finished (ended_ms);

ALTER TABLE batches ADD COLUMN overflow TEXT NOT NULL DEFAULT 'block';

-- See sql/loss-rows.ts.
ALTER TABLE losses ADD COLUMN declared INTEGER NOT NULL DEFAULT 1;
ALTER TABLE losses ADD COLUMN certain INTEGER NOT NULL DEFAULT 1;
CREATE INDEX losses_stream ON losses (stream_id);
CREATE INDEX losses_undeclared ON losses (stream_id) WHERE declared = 0;
CREATE TABLE loss_totals (
  cause     TEXT PRIMARY KEY,
  losses    INTEGER NOT NULL,
  positions INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`),
];

/** Keys of `meta`. */
export const metaKeys = {
  /** '1' until the site has told which streams it knows: see Buffer.needsRecovery. */
  needsRecovery: 'needs_recovery',
  /** Id of the store of the site that last welcomed this agent. */
  siteStore: 'site_store',
  /** Id of that site. */
  site: 'site',
  /** Id of the agent whose buffer this is. */
  agent: 'agent',
  /** With a stream's id behind it: up to where the stream was salvaged behind its end. */
  salvaged: 'salvaged ',
} as const;
