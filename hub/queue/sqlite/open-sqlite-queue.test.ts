import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createLogger } from '@tributary/shared/log.ts';
import { testBatch, testChannel, testEntry, testIdentity, testStream } from '../fixture.ts';
import { frontTopic } from '../queue.ts';
import { openSqliteQueue } from './open-sqlite-queue.ts';
import { openSqliteFixture } from './sqlite-fixture.ts';

const log = createLogger({ level: 'error', sink: () => undefined });
const limits = { reserveBytes: 65_536 };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-open-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a store has ids of its own and durable settings, and keeps both', async () => {
  const first = await openSqliteQueue({ folder: join(folder, 'new', 'data'), log, limits });
  const ids = [first.storeId, first.siteId, first.hubId];
  assert.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)));
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(first.pragmas, { journalMode: 'wal', synchronous: 'full', pageSize: 16_384 });
  assert.equal(statSync(join(folder, 'new', 'data', 'reserve')).size, limits.reserveBytes);
  await first[Symbol.asyncDispose]();
  const second = await openSqliteQueue({ folder: join(folder, 'new', 'data'), log, limits });
  assert.deepEqual([second.storeId, second.siteId, second.hubId], ids);
  await second[Symbol.asyncDispose]();
  assert.ok(!existsSync(join(folder, 'new', 'data', 'hub.db-wal')), 'the log is put back at the end');
});

test('an owner that its program took along did not give its lease back', async () => {
  await using fixture = await openSqliteFixture({}, folder);
  const place = { topic: 'platform', group: 'g', partition: 0 };
  await fixture.queue.ensureGroup({ ...place, policy: { kind: 'blocking' }, from: 'beginning' });
  await fixture.queue.acquire(place, 'one', 60_000);
  await fixture.reopen();
  const lease = await fixture.queue.acquire(place, 'one', 60_000);
  assert.equal(lease?.isAfterUnclean, true);
  await fixture.queue.release(lease);
  await fixture.reopen();
  assert.equal((await fixture.queue.acquire(place, 'one', 60_000))?.isAfterUnclean, false);
});

test('a second hub is kept out of the folder until the first has ended', async () => {
  const first = await openSqliteQueue({ folder, log, limits });
  await assert.rejects(openSqliteQueue({ folder, log, limits }), {
    name: 'QueueError',
    code: 'QUEUE_IN_USE',
    message: /another hub/,
  });
  await first[Symbol.asyncDispose]();
  const second = await openSqliteQueue({ folder, log, limits });
  await second[Symbol.asyncDispose]();
});

test('a store of a newer program is refused', async () => {
  const queue = await openSqliteQueue({ folder, log, limits });
  await queue[Symbol.asyncDispose]();
  const db = new DatabaseSync(join(folder, 'hub.db'));
  db.exec('PRAGMA user_version = 99');
  db.close();
  await assert.rejects(openSqliteQueue({ folder, log, limits }), { code: 'STORE_TOO_NEW', message: /newer program/ });
});

test('a file that is no database is refused, and left as it is', async () => {
  const file = join(folder, 'hub.db');
  writeFileSync(file, 'these are not the bytes of a database. '.repeat(1000));
  const { size } = statSync(file);
  await assert.rejects(openSqliteQueue({ folder, log, limits }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'STORE_DAMAGED');
    assert.ok(error.message.startsWith(`${file} is damaged (file is not a database): restore a backup of ${folder}, or move `));
    return true;
  });
  assert.equal(statSync(file).size, size);
});

test('a damaged database is named, with what to do', async () => {
  const queue = await openSqliteQueue({ folder, log, limits });
  await queue[Symbol.asyncDispose]();
  const file = join(folder, 'hub.db');
  const bytes = readFileSync(file);
  // The first page stays, so that it is still a database.
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 16_384), Buffer.alloc(bytes.length - 16_384, 0xaa)]));
  await assert.rejects(openSqliteQueue({ folder, log, limits }), {
    code: 'STORE_DAMAGED',
    message: /hub\.db is damaged \(database disk image is malformed\): restore .* agents then send again/,
  });
});

test('a folder that cannot be made is named', async () => {
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(openSqliteQueue({ folder: join(folder, 'file'), log, limits }), {
    code: 'FOLDER',
    message: `${join(folder, 'file')} is not a folder`,
  });
});

test('what was asked before the end is done, and disposing twice does no harm', async () => {
  const queue = await openSqliteQueue({ folder, log, limits });
  const published = Array.from({ length: 50 }, (_, index) => queue.publish('platform', 0, testEntry(`${index}`)));
  await queue[Symbol.asyncDispose]();
  await queue[Symbol.asyncDispose]();
  assert.ok((await Promise.all(published)).every((result) => result === 'stored'));
});

test('readers see where a source is now', async () => {
  await using fixture = await openSqliteFixture();
  const { queue } = fixture;
  const paths = async (): Promise<(string | undefined)[]> => {
    const entries = await queue.read(
      { topic: frontTopic(testChannel), partition: 0, afterSequence: 0 },
      { entries: 9, bytes: 1e9 },
    );
    return entries.map((entry) => entry.segments[0]?.stream.identity.path);
  };
  await queue.openStream(testStream(1));
  await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }]));
  assert.deepEqual(await paths(), ['/var/log/1.log']);
  await queue.openStream({ ...testStream(1), identity: testIdentity('/var/log/1.log.1') });
  assert.deepEqual(await paths(), ['/var/log/1.log.1']);
});

test('the housekeeping trims by itself as time passes', { timeout: 120_000 }, async () => {
  await using fixture = await openSqliteFixture({ replayWindowMs: 1000 });
  const { queue } = fixture;
  await queue.publish('platform', 0, testEntry('event'));
  while ((await queue.status()).bytes > 0) {
    fixture.advance(2000);
    fixture.tick();
    await setImmediate();
  }
});
