/**
 * All that the hubs of a site have alike, as one piece: JSON in zstd, each table with the names of its columns. A copy that takes it changes
 * only the rows that differ, so that whoever looks at notes of changes sees no more than these.
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { schemaVersion } from '@tributary/shared/sqlite/migrate.ts';
import { sharedTables } from '../sqlite/schema.ts';
import { snapshotBytesMax } from './limits.ts';

type Value = string | number | null;

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

interface Snapshot {
  readonly schema: number;
  readonly tables: Readonly<Record<string, Table>>;
  /** The last number that the audit trail gave. */
  readonly audit: number;
  /** Of the last entries: version and id. */
  readonly ids: readonly (readonly [version: number, id: string])[];
}

export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };

/** Inside a transaction. */
export function makeSnapshot(db: DatabaseSync): Buffer {
  const tables = Object.fromEntries(Object.keys(sharedTables).map((table) => [table, readTable(db, table)]));
  const audit = Number(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").get()?.['seq'] ?? 0);
  const ids = db.prepare('SELECT version, id FROM entry ORDER BY version').all();
  const snapshot: Snapshot = {
    schema: schemaVersion(db),
    tables,
    audit,
    ids: ids.map((row) => [Number(row['version']), String(row['id'])] as const),
  };
  return zstdCompressSync(JSON.stringify(snapshot), { params });
}

/** Inside a transaction. Throws a SnapshotError where a newer program made it. */
export function takeSnapshot(db: DatabaseSync, bytes: Uint8Array): void {
  const text = zstdDecompressSync(bytes, { maxOutputLength: snapshotBytesMax }).toString('utf8');
  const { schema, tables, audit, ids }: Snapshot = JSON.parse(text);
  refuseNewer(db, schema);
  for (const [table, key] of Object.entries(sharedTables)) {
    takeTable(db, { table, key, wanted: tables[table] ?? { columns: [], rows: [] } });
  }
  db.prepare("DELETE FROM sqlite_sequence WHERE name = 'audit'").run();
  db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('audit', ?)").run(audit);
  db.exec('DELETE FROM entry');
  const insert = db.prepare('INSERT INTO entry (version, id) VALUES (?, ?)');
  for (const [version, id] of ids) insert.run(version, id);
}

export function refuseNewer(db: DatabaseSync, schema: number): void {
  if (schema <= schemaVersion(db)) return;
  throw new SnapshotError(
    'another hub of this site is newer than this one, and has changed how the registry is kept: update this one',
  );
}

function readTable(db: DatabaseSync, table: string): Table {
  const columns = columnsOf(db, table);
  const rows = db.prepare(`SELECT ${columns.join(', ')} FROM ${table}`).all();
  return { columns, rows: rows.map((row) => columns.map((column) => plain(row[column]))) };
}

interface Taken {
  readonly table: string;
  readonly key: string;
  readonly wanted: Table;
}

function takeTable(db: DatabaseSync, { table, key, wanted }: Taken): void {
  const columns = columnsOf(db, table);
  const known = wanted.columns.filter((column) => columns.includes(column));
  const at = known.map((column) => wanted.columns.indexOf(column));
  const rows = wanted.rows.map((row) => at.map((index) => row[index] ?? null));
  const keyAt = known.indexOf(key);
  const keys = new Set(rows.map((row) => row[keyAt]));
  const remove = db.prepare(`DELETE FROM ${table} WHERE ${key} = ?`);
  const present = new Map<Value, string>();
  const select = known.length === 0 ? [] : db.prepare(`SELECT ${known.join(', ')} FROM ${table}`).all();
  for (const row of select) {
    const values = known.map((column) => plain(row[column]));
    present.set(values[keyAt] ?? null, JSON.stringify(values));
  }
  for (const name of present.keys()) if (!keys.has(name)) remove.run(name);
  if (rows.length === 0) return;
  const places = known.map(() => '?').join(', ');
  const sets = known.map((column) => `${column} = excluded.${column}`).join(', ');
  const put = db.prepare(
    `INSERT INTO ${table} (${known.join(', ')}) VALUES (${places}) ON CONFLICT (${key}) DO UPDATE SET ${sets}`,
  );
  for (const row of rows) {
    const values: SQLInputValue[] = [...row];
    if (present.get(row[keyAt] ?? null) !== JSON.stringify(row)) put.run(...values);
  }
}

function columnsOf(db: DatabaseSync, table: string): readonly string[] {
  const rows = db.prepare(`PRAGMA table_info(${table})`).all();
  return rows.map((row) => String(row['name']));
}

function plain(value: SQLOutputValue | undefined): Value {
  if (typeof value === 'bigint' || value instanceof Uint8Array || value === undefined) {
    throw new TypeError('a shared table has texts and numbers only');
  }
  return value;
}
