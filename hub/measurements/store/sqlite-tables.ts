/**
 * The tables of `measurements.db`, in the thread that owns it. Nothing of it is synced but when SQLite brings its log in: what a power cut takes is a hole in a chart.
 * A file that is damaged, or that a later version made, is set aside as `measurements.db.damaged`, in place of an earlier one, and a new one begun.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isDamaged, openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { blob, integer, only, type Row, text } from '@tributary/shared/sqlite/row.ts';
import { eventsPerAgent, forgetAfterMs } from '../limits.ts';
import { type AgentText, type Chunk, type ChunkPlace, chunkStart, type RollPlace, tiers } from './measurement-store.ts';

const schemaVersion = 1;
const logBytesMax = 4 * 1024 * 1024;
/** Chunks that are looked at together while room is made. */
const trimRows = 500;

/** Chunks of an agent lie side by side in pages that hold several of them whole. */
const schema = `
CREATE TABLE chunk (tier INTEGER NOT NULL, subject TEXT NOT NULL, start INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (tier, subject, start)) WITHOUT ROWID;
CREATE INDEX chunk_by_age ON chunk (start, tier);
CREATE TABLE roll (subject TEXT NOT NULL, start INTEGER NOT NULL, PRIMARY KEY (start, subject)) WITHOUT ROWID;
CREATE TABLE event (agent TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (agent, number)) WITHOUT ROWID;
CREATE TABLE state (agent TEXT PRIMARY KEY, at INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = ${schemaVersion};
`;

const tierNumbers = { fine: 0, coarse: 1 } as const;

export interface OpenedTables {
  readonly tables: SqliteTables;
  /** Why an earlier file was set aside, and where to. */
  readonly setAside: string | undefined;
}

/** `damage`: what was found in a page that is not read here. */
export function openTables(folder: string, damage = ''): OpenedTables {
  const file = join(folder, 'measurements.db');
  if (damage !== '') return { setAside: setAside(file, damage), tables: openFile(file) };
  try {
    return { tables: openFile(file), setAside: undefined };
  } catch (error) {
    if (!isDamaged(error) && !(error instanceof OtherVersion)) throw error;
    return { setAside: setAside(file, error instanceof Error ? error.message : String(error)), tables: openFile(file) };
  }
}

function setAside(file: string, reason: string): string {
  const place = `${file}.damaged`;
  for (const log of ['-wal', '-shm']) rmSync(`${file}${log}`, { force: true });
  if (existsSync(file)) renameSync(file, place);
  return `${reason}; it is ${place} now`;
}

class OtherVersion extends Error {}

function openFile(file: string): SqliteTables {
  const db = openDatabase(file, { relaxed: true, logBytesMax });
  try {
    const version = integer(only(db.prepare('PRAGMA user_version').get()), 'user_version');
    if (version === 0) db.exec(schema);
    else if (version !== schemaVersion) throw new OtherVersion(`${file} is of another version`);
    // Reads a page of each table: what is damaged there is found now.
    for (const table of ['chunk', 'roll', 'event', 'state'])
      db.prepare(`SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT 1)`).get();
    return new SqliteTables(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

export class SqliteTables implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements: Readonly<Record<Name, StatementSync>>;
  #bytes: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#statements = preparedIn(db);
    this.#bytes = integer(only(db.prepare('SELECT coalesce(sum(length(bytes)), 0) AS sum FROM chunk').get()), 'sum');
  }

  /** All of them or none. */
  transaction<Result>(work: () => Result): Result {
    const bytes = this.#bytes;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#bytes = bytes;
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  write(chunks: readonly Chunk[]): void {
    const { sizeOf, putChunk, mark } = this.#statements;
    for (const { tier, subject, startMs, bytes } of chunks) {
      const before = sizeOf.get(tierNumbers[tier], subject, startMs);
      putChunk.run(tierNumbers[tier], subject, startMs, bytes);
      this.#bytes += bytes.length - (before === undefined ? 0 : integer(before, 'size'));
      if (tier === 'fine') mark.run(subject, chunkStart('coarse', startMs));
    }
  }

  read(
    { subject, tier }: Omit<ChunkPlace, 'startMs'>,
    { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  ): Chunk[] {
    const rows = this.#statements.readChunks.all(tierNumbers[tier], subject, fromMs, toMs);
    return rows.map((row) => ({ subject, tier, startMs: integer(row, 'start'), bytes: blob(row, 'bytes') }));
  }

  due(beforeMs: number, limit: number): RollPlace[] {
    const rows = this.#statements.due.all(beforeMs, limit);
    return rows.map((row) => ({ subject: text(row, 'subject'), startMs: integer(row, 'start') }));
  }

  rolled(places: readonly RollPlace[]): void {
    for (const { subject, startMs } of places) this.#statements.rolled.run(subject, startMs);
  }

  addEvents(events: readonly AgentText[]): void {
    const { addEvent, lastEvent, trimEvents } = this.#statements;
    for (const { agentId, atMs, json } of events) {
      const number = integer(only(lastEvent.get(agentId)), 'last') + 1;
      addEvent.run(agentId, number, atMs, json);
      trimEvents.run(agentId, number - eventsPerAgent);
    }
  }

  events(agentId: string, { skip, limit }: { readonly skip: number; readonly limit: number }): AgentText[] {
    return this.#statements.events.all(agentId, limit, skip).map((row) => textOf({ ...row, agent: agentId }));
  }

  putStates(states: readonly AgentText[]): void {
    for (const { agentId, atMs, json } of states) this.#statements.putState.run(agentId, atMs, json);
  }

  states(): AgentText[] {
    return this.#statements.states.all().map(textOf);
  }

  trim({ nowMs, bytesMax }: { readonly nowMs: number; readonly bytesMax: number }): number {
    const { oldChunks, dropChunk, oldest, dropOldStates, dropOldEvents } = this.#statements;
    const drop = (row: Row): void => {
      dropChunk.run(integer(row, 'tier'), text(row, 'subject'), integer(row, 'start'));
      this.#bytes -= integer(row, 'size');
    };
    for (const [tier, { keptMs, chunkMs }] of Object.entries(tiers)) {
      const number = tier === 'fine' ? tierNumbers.fine : tierNumbers.coarse;
      for (const row of oldChunks.all(number, nowMs - keptMs - chunkMs)) drop(row);
    }
    while (this.#bytes > bytesMax) {
      const rows = oldest.all(trimRows);
      if (rows.length === 0) break;
      for (const row of rows) if (this.#bytes > bytesMax) drop(row);
    }
    dropOldStates.run(nowMs - forgetAfterMs);
    // How an agent is, is stored a while after its first events; these go by their times until then, whatever its clock.
    dropOldEvents.run(nowMs - forgetAfterMs, nowMs + forgetAfterMs);
    return this.#bytes;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

type Name = keyof typeof sql;

const sql = {
  sizeOf: 'SELECT length(bytes) AS size FROM chunk WHERE tier = ? AND subject = ? AND start = ?',
  putChunk: 'INSERT OR REPLACE INTO chunk (tier, subject, start, bytes) VALUES (?, ?, ?, ?)',
  readChunks: 'SELECT start, bytes FROM chunk WHERE tier = ? AND subject = ? AND start >= ? AND start < ? ORDER BY start',
  mark: 'INSERT OR IGNORE INTO roll (subject, start) VALUES (?, ?)',
  due: 'SELECT subject, start FROM roll WHERE start < ? ORDER BY start LIMIT ?',
  rolled: 'DELETE FROM roll WHERE subject = ? AND start = ?',
  lastEvent: 'SELECT coalesce(max(number), 0) AS last FROM event WHERE agent = ?',
  addEvent: 'INSERT INTO event (agent, number, at, json) VALUES (?, ?, ?, ?)',
  trimEvents: 'DELETE FROM event WHERE agent = ? AND number <= ?',
  events: 'SELECT at, json FROM event WHERE agent = ? ORDER BY number DESC LIMIT ? OFFSET ?',
  putState: 'INSERT OR REPLACE INTO state (agent, at, json) VALUES (?, ?, ?)',
  states: 'SELECT agent, at, json FROM state ORDER BY at',
  oldChunks: 'SELECT tier, subject, start, length(bytes) AS size FROM chunk WHERE tier = ? AND start < ?',
  oldest: 'SELECT tier, subject, start, length(bytes) AS size FROM chunk ORDER BY start LIMIT ?',
  dropChunk: 'DELETE FROM chunk WHERE tier = ? AND subject = ? AND start = ?',
  dropOldStates: 'DELETE FROM state WHERE at < ?',
  dropOldEvents: 'DELETE FROM event WHERE agent NOT IN (SELECT agent FROM state) AND at NOT BETWEEN ? AND ?',
} as const;

function preparedIn(db: DatabaseSync): Readonly<Record<Name, StatementSync>> {
  const prepare = (name: Name): StatementSync => db.prepare(sql[name]);
  return {
    sizeOf: prepare('sizeOf'),
    putChunk: prepare('putChunk'),
    readChunks: prepare('readChunks'),
    mark: prepare('mark'),
    due: prepare('due'),
    rolled: prepare('rolled'),
    lastEvent: prepare('lastEvent'),
    addEvent: prepare('addEvent'),
    trimEvents: prepare('trimEvents'),
    events: prepare('events'),
    putState: prepare('putState'),
    states: prepare('states'),
    oldChunks: prepare('oldChunks'),
    oldest: prepare('oldest'),
    dropChunk: prepare('dropChunk'),
    dropOldStates: prepare('dropOldStates'),
    dropOldEvents: prepare('dropOldEvents'),
  };
}

function textOf(row: Row): AgentText {
  return { agentId: text(row, 'agent'), atMs: integer(row, 'at'), json: text(row, 'json') };
}
