/**
 * The tables of registry.db; docs/STORAGE.md tells what they are for.
 *
 * `change` is the note of every change that a memory view must see, written by triggers, so that no statement can forget it. Each
 * process reads the notes after the last one it knows, whoever made them.
 *
 * `seen`, `local`, `entry` and `change` belong to this file alone; the other tables are the same on every hub of a site (redis/).
 */
import type { MigrationStep } from '@tributary/shared/sqlite/migrate.ts';

const version1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE agent (
  agent_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('agent', 'hub')), site_id TEXT CHECK ((site_id IS NOT NULL) = (kind = 'hub')),
  tenants TEXT NOT NULL, labels TEXT NOT NULL, host TEXT NOT NULL, instance_id TEXT NOT NULL,
  fingerprints TEXT NOT NULL, not_after_ms INTEGER NOT NULL,
  enrolled_ms INTEGER NOT NULL, token_id TEXT NOT NULL,
  key_hash TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked', 'cloned')),
  boot_id TEXT NOT NULL, start_counter INTEGER NOT NULL,
  retired_boots TEXT NOT NULL, refused_copy TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_token (
  token_id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('agent', 'hub')), site_id TEXT,
  tenants TEXT NOT NULL, labels TEXT NOT NULL,
  uses_max INTEGER NOT NULL, uses INTEGER NOT NULL CHECK (uses <= uses_max),
  created_ms INTEGER NOT NULL, created_by TEXT NOT NULL, expires_ms INTEGER NOT NULL, revoked_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE api_token (
  token_id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL, tenant TEXT NOT NULL, scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
  note TEXT NOT NULL,
  created_ms INTEGER NOT NULL, created_by TEXT NOT NULL, expires_ms INTEGER, revoked_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
  name TEXT PRIMARY KEY,
  password_hash TEXT, must_change INTEGER NOT NULL, grants TEXT NOT NULL, created_ms INTEGER NOT NULL, disabled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  id_hash TEXT PRIMARY KEY,
  user TEXT NOT NULL, grants TEXT, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user, created_ms);

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL, event TEXT NOT NULL
) STRICT;

CREATE TABLE seen (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER agent_gone AFTER DELETE ON agent BEGIN DELETE FROM seen WHERE name = 'agent ' || old.agent_id; END;
CREATE TRIGGER api_token_gone AFTER DELETE ON api_token BEGIN DELETE FROM seen WHERE name = 'token ' || old.token_id; END;

CREATE TABLE local (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entry (version INTEGER PRIMARY KEY, id TEXT NOT NULL) STRICT;

CREATE TABLE change (revision INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL) STRICT;
CREATE TRIGGER audit_insert AFTER INSERT ON audit BEGIN INSERT INTO change (kind, key) VALUES ('audit', ''); END;
`;

/** What is kept in memory: table, key, and the columns whose change is noted. */
const noted = [
  ['meta', 'key', 'value'],
  [
    'agent',
    'agent_id',
    'kind, site_id, tenants, labels, host, instance_id, fingerprints, not_after_ms, enrolled_ms, token_id, state, boot_id, ' +
      'start_counter, retired_boots, refused_copy',
  ],
  ['api_token', 'token_id', 'secret_hash, tenant, scope, note, created_ms, created_by, expires_ms, revoked_ms'],
  ['user', 'name', 'password_hash, must_change, grants, created_ms, disabled'],
  ['session', 'id_hash', 'user, grants, created_ms, expires_ms'],
] as const;

function notes(): string {
  return noted
    .flatMap(([table, key, columns]) => [
      `CREATE TRIGGER ${table}_insert AFTER INSERT ON ${table} BEGIN INSERT INTO change (kind, key) VALUES ('${table}', new.${key}); END;`,
      `CREATE TRIGGER ${table}_update AFTER UPDATE OF ${columns} ON ${table} BEGIN INSERT INTO change (kind, key) VALUES ('${table}', new.${key}); END;`,
      `CREATE TRIGGER ${table}_delete AFTER DELETE ON ${table} BEGIN INSERT INTO change (kind, key) VALUES ('${table}', old.${key}); END;`,
    ])
    .join('\n');
}

/** What all hubs of a site have alike: each with its primary key. */
export const sharedTables = {
  meta: 'key',
  agent: 'agent_id',
  enrolment_token: 'token_id',
  api_token: 'token_id',
  user: 'name',
  session: 'id_hash',
  audit: 'sequence',
} as const;

export const schemaSteps: readonly MigrationStep[] = [(db) => db.exec(version1 + notes())];
