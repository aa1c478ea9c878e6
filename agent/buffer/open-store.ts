/**
 * Opens `buffer.db`, checks it, and starts anew when it is damaged: the agent always starts. A damaged file is never written to
 * again: it is renamed with its log to `buffer.db.damaged-<time>`, and what is whole in it is copied into the new one.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { migrate } from '@tributary/shared/sqlite/migrate.ts';
import { checkIntegrity, isDamaged, isDiskFull, openDatabase, StoreError } from '@tributary/shared/sqlite/open-database.ts';
import type { ReserveFile } from '@tributary/shared/sqlite/reserve-file.ts';
import { logBytesMax } from './limits.ts';
import { salvage } from './salvage.ts';
import { metaKeys, migrations } from './schema.ts';
import { readMeta, writeMeta } from './sql/meta-rows.ts';
import type { OpenReport } from './writer-contract.ts';

export function bufferFile(folder: string): string {
  return join(folder, 'buffer.db');
}

/** Makes the next start set the buffer aside without asking: damage was met that a check may not see. */
export function suspectFile(folder: string): string {
  return join(folder, 'buffer.db.suspect');
}

export function markSuspect(folder: string, reason: string): void {
  writeFileSync(suspectFile(folder), `${reason}\n`, { mode: 0o600 });
}

export interface StoreReserve {
  readonly file: ReserveFile;
  readonly bytes: number;
}

export function openStore(folder: string, reserve: StoreReserve): { readonly db: DatabaseSync; readonly report: OpenReport } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const existed = existsSync(bufferFile(folder));
  const damage = existed ? damageOf(folder) : undefined;
  if (damage === undefined) return { db: openWithReserve(folder, reserve), report: { fresh: !existed, damaged: undefined } };
  const movedTo = setAside(folder);
  const db = openWithReserve(folder, reserve);
  const salvaged = salvage(movedTo, db);
  rmSync(suspectFile(folder), { force: true });
  return { db, report: { fresh: true, damaged: { reason: damage, movedTo, ...salvaged } } };
}

/** What is wrong with the file that is there; undefined when nothing is. */
function damageOf(folder: string): string | undefined {
  if (existsSync(suspectFile(folder))) return 'damage was met while it was in use';
  try {
    const db = openDatabase(bufferFile(folder), { readOnly: true });
    try {
      checkIntegrity(db);
      return undefined;
    } finally {
      db.close();
    }
  } catch (error) {
    if (isDamaged(error)) return error instanceof Error ? error.message : String(error);
    throw error;
  }
}

function setAside(folder: string): string {
  const file = bufferFile(folder);
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let movedTo = `${file}.damaged-${time}`;
  for (let count = 2; existsSync(movedTo); count += 1) movedTo = `${file}.damaged-${time}-${count}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, movedTo + suffix);
  }
  return movedTo;
}

/** On a full disk even opening may need room: then the reserve is given up, and the writer finds out that it is gone. */
function openWithReserve(folder: string, reserve: StoreReserve): DatabaseSync {
  try {
    return openMigrated(folder, reserve.bytes);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    if (!reserve.file.held)
      throw new StoreError('STORE_NO_SPACE', `${folder}: no space left on the disk of the buffer`, { cause: error });
    reserve.file.giveUp();
    return openMigrated(folder, reserve.bytes);
  }
}

function openMigrated(folder: string, reserveBytes: number): DatabaseSync {
  const file = bufferFile(folder);
  const db = openDatabase(file, { logBytesMax: logBytesMax(reserveBytes) });
  try {
    migrate(db, file, migrations);
    if (readMeta(db, metaKeys.needsRecovery) === undefined) writeMeta(db, metaKeys.needsRecovery, '1');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
