import assert from 'node:assert/strict';
import { mkdtempSync, openSync, rmSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { migrate, schemaVersion } from './migrate.ts';
import { checkIntegrity, durabilityPragmas, isDamaged, isDiskFull, openDatabase, StoreError } from './open-database.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-sqlite-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a new database has the durable settings, and keeps them when opened again', () => {
  const file = join(folder, 'a.db');
  for (let round = 0; round < 2; round += 1) {
    const db = openDatabase(file);
    assert.deepEqual(durabilityPragmas(db), { journalMode: 'wal', synchronous: 'full', pageSize: 16_384 });
    assert.equal(db.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum'], 2);
    db.exec('CREATE TABLE IF NOT EXISTS t (a)');
    checkIntegrity(db);
    db.close();
  }
});

test('relaxed syncs at checkpoints only', () => {
  const db = openDatabase(join(folder, 'a.db'), { relaxed: true });
  assert.equal(durabilityPragmas(db).synchronous, 'normal');
  db.close();
});

test('a database that cannot have a write-ahead log is refused', () => {
  assert.throws(() => openDatabase(':memory:'), { name: 'StoreError', code: 'STORE_NOT_DURABLE' });
});

test('a read-only connection sees commits and cannot write', () => {
  const file = join(folder, 'a.db');
  const writer = openDatabase(file);
  writer.exec('CREATE TABLE t (a)');
  const reader = openDatabase(file, { readOnly: true });
  writer.exec('INSERT INTO t VALUES (1)');
  assert.equal(reader.prepare('SELECT count(*) AS n FROM t').get()?.['n'], 1);
  assert.throws(() => reader.exec('INSERT INTO t VALUES (2)'));
  reader.close();
  writer.close();
});

test('a full database is told from a damaged one', () => {
  const db = openDatabase(join(folder, 'a.db'));
  db.exec('CREATE TABLE t (a); PRAGMA max_page_count=4');
  const full = caught(() => db.prepare('INSERT INTO t VALUES (?)').run(new Uint8Array(1_000_000)));
  assert.ok(isDiskFull(full) && !isDamaged(full));
  db.close();
});

test('a file that is no database, or has lost its content, is damaged', () => {
  const file = join(folder, 'a.db');
  const db = openDatabase(file);
  db.exec('CREATE TABLE t (a)');
  for (let row = 0; row < 50; row += 1) db.prepare('INSERT INTO t VALUES (?)').run(new Uint8Array(20_000));
  db.close();
  const handle = openSync(file, 'r+');
  writeSync(handle, new Uint8Array(300_000).fill(0xab), 0, 300_000, 100_000);
  closeSync(handle);
  const broken = openDatabase(file);
  const error = caught(() => checkIntegrity(broken));
  assert.ok(isDamaged(error) && !isDiskFull(error));
  broken.close();

  const other = join(folder, 'b.db');
  const handleOther = openSync(other, 'w');
  writeSync(handleOther, 'these are not the bytes of a database. '.repeat(1000));
  closeSync(handleOther);
  assert.ok(isDamaged(caught(() => openDatabase(other))));
});

test('a file-system error without room is disk full too', () => {
  assert.ok(isDiskFull(Object.assign(new Error('no space left'), { code: 'ENOSPC' })));
  assert.ok(!isDiskFull(Object.assign(new Error('no such file'), { code: 'ENOENT' })));
  assert.ok(!isDiskFull(undefined));
});

test('migrations run once, in order, and a newer schema is refused', () => {
  const file = join(folder, 'a.db');
  const db = openDatabase(file);
  const steps = [
    (database: typeof db): void => database.exec('CREATE TABLE one (a)'),
    (database: typeof db): void => database.exec('CREATE TABLE two (a)'),
  ];
  migrate(db, file, steps.slice(0, 1));
  assert.equal(schemaVersion(db), 1);
  migrate(db, file, steps);
  migrate(db, file, steps);
  assert.equal(schemaVersion(db), 2);
  assert.throws(
    () => migrate(db, file, steps.slice(0, 1)),
    (error) => error instanceof StoreError && error.code === 'STORE_TOO_NEW' && error.message.includes('newer program'),
  );
  db.close();
});

test('a migration step that fails leaves the version before it', () => {
  const file = join(folder, 'a.db');
  const db = openDatabase(file);
  const broken = (database: typeof db): void => database.exec('CREATE TABLE one (a); CREATE TABLE one (a)');
  assert.throws(() => migrate(db, file, [broken]));
  assert.equal(schemaVersion(db), 0);
  assert.equal(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'one'").get()?.['n'], 0);
  db.close();
});

function caught(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
}
