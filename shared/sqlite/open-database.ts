/**
 * Opens a product's database the one way that makes "committed" mean "on disk": write-ahead log, a sync at every commit, and the
 * settings read back, because SQLite answers a setting it cannot have with another one and no error.
 *
 * The page size is chosen by measurement: bodies of 200 KB are written and read fastest with pages of 16 KiB. It and incremental
 * vacuum are properties of the file and cannot be changed later, so they are checked only in a file that was new.
 */
import { DatabaseSync } from 'node:sqlite';

export const pageSizeDefault = 16_384;
const busyTimeoutMs = 5000;
const logBytesMaxDefault = 16 * 1024 * 1024;

export type StoreErrorCode =
  | 'STORE_NOT_DURABLE'
  | 'STORE_TOO_NEW'
  | 'STORE_DAMAGED'
  | 'STORE_SETTINGS'
  | 'STORE_NO_SPACE'
  | 'STORE_UNUSABLE';

/** A database that cannot be used as it is. The message says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface OpenDatabaseOptions {
  /** A connection that only reads; the file must exist. */
  readonly readOnly?: boolean;
  readonly pageSize?: number;
  /** Syncs at checkpoints only: a power cut may lose the last commits. Only when the configuration says so. */
  readonly relaxed?: boolean;
  /**
   * At this size the write-ahead log is put into the database, and its file is no larger after that. A log may grow to this and one
   * transaction more. On a full disk, bringing it in takes as much room again: a reserve file must be larger than both.
   */
  readonly logBytesMax?: number;
}

export interface DurabilityPragmas {
  readonly journalMode: string;
  readonly synchronous: string;
  readonly pageSize: number;
}

/** Opens `file`, makes it when it is missing, and throws a StoreError when its settings are not as asked. */
export function openDatabase(file: string, options: OpenDatabaseOptions = {}): DatabaseSync {
  const { readOnly = false, pageSize = pageSizeDefault, relaxed = false, logBytesMax = logBytesMaxDefault } = options;
  const db = new DatabaseSync(file, { readOnly, timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
  try {
    if (readOnly) return db;
    const isNew = number(db, 'page_count') === 0;
    db.exec(`PRAGMA page_size=${pageSize}; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL`);
    db.exec(`PRAGMA synchronous=${relaxed ? 'NORMAL' : 'FULL'}`);
    const logPages = Math.max(1, Math.floor(logBytesMax / number(db, 'page_size')));
    // Savepoints keep what they change aside: in memory, as a full disk for temporary files must not stop a write here.
    db.exec('PRAGMA temp_store=MEMORY');
    db.exec(`PRAGMA journal_size_limit=${logBytesMax}; PRAGMA wal_autocheckpoint=${logPages}`);
    checkSettings(db, file, { isNew, pageSize, synchronous: relaxed ? 'normal' : 'full' });
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const synchronousNames = ['off', 'normal', 'full', 'extra'] as const;

/** The settings that durability hangs on, read back from the connection. */
export function durabilityPragmas(db: DatabaseSync): DurabilityPragmas {
  return {
    journalMode: String(pragma(db, 'journal_mode')),
    synchronous: synchronousNames[number(db, 'synchronous')] ?? 'unknown',
    pageSize: number(db, 'page_size'),
  };
}

/** Throws a StoreError that names the first fault found; reads the whole file. */
export function checkIntegrity(db: DatabaseSync): void {
  const found = pragma(db, 'quick_check(1)');
  if (found !== 'ok') throw new StoreError('STORE_DAMAGED', `the database is damaged: ${String(found)}`);
}

const primaryFull = 13;
/** Input/output errors that a full disk or quota causes: write, fsync, directory fsync, truncate, growing and mapping the WAL index. */
const fullDiskIoErrors: ReadonlySet<number> = new Set([778, 1034, 1290, 1546, 4874, 5386]);
const fullDiskSystemErrors: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** True for what SQLite, or a file operation beside it, throws when there is no room: nothing was changed, and it may be tried again. */
export function isDiskFull(error: unknown): boolean {
  const errcode = errcodeOf(error);
  if (errcode !== undefined) return (errcode & 0xff) === primaryFull || fullDiskIoErrors.has(errcode);
  return error instanceof Error && 'code' in error && fullDiskSystemErrors.has(error.code);
}

/** True when the file is not a database or its pages contradict each other. */
export function isDamaged(error: unknown): boolean {
  if (error instanceof StoreError) return error.code === 'STORE_DAMAGED';
  const primary = (errcodeOf(error) ?? 0) & 0xff;
  return primary === 11 || primary === 26;
}

/** SQLite's extended result code, also of an error that crossed from a thread (shared/async/thread-call.ts). */
function errcodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

function checkSettings(
  db: DatabaseSync,
  file: string,
  asked: { readonly isNew: boolean; readonly pageSize: number; readonly synchronous: string },
): void {
  const found = durabilityPragmas(db);
  if (found.journalMode !== 'wal' || found.synchronous !== asked.synchronous) {
    throw new StoreError(
      'STORE_NOT_DURABLE',
      `${file}: SQLite gave journal_mode=${found.journalMode} synchronous=${found.synchronous} instead of wal and ` +
        `${asked.synchronous}; put the data folder on a local file system`,
    );
  }
  if (!asked.isNew) return;
  const autoVacuum = number(db, 'auto_vacuum');
  if (found.pageSize !== asked.pageSize || autoVacuum !== 2) {
    throw new StoreError(
      'STORE_SETTINGS',
      `${file}: SQLite gave page_size=${found.pageSize} auto_vacuum=${autoVacuum} to a new file`,
    );
  }
}

function pragma(db: DatabaseSync, name: string): unknown {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

function number(db: DatabaseSync, name: string): number {
  return Number(pragma(db, name));
}
