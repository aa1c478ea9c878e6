import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { migrate } from '@tributary/shared/sqlite/migrate.ts';
import { finishedAlikeMax, finishedStreamsMax } from './limits.ts';
import { bufferFile } from './open-store.ts';
import { migrations } from './schema.ts';
import { FinishedReader, FinishedRows } from './sql/finished-rows.ts';
import { StreamRows } from './sql/stream-rows.ts';
import { openTestBuffer, type TestBuffer } from './testing/test-buffer.ts';

async function testBuffer(owned: AsyncDisposableStack): Promise<TestBuffer> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-finished-'));
  owned.defer(() => rmSync(folder, { recursive: true, force: true }));
  const own = await openTestBuffer({ folder, limits: { replayWindowMs: 0 } });
  owned.defer(() => own.close());
  await own.buffer.adopt([]);
  return own;
}

const file = { device: '1', inode: '7' };

test('what the site has of a file is told while its stream goes on, and after it ended', async () => {
  await using owned = new AsyncDisposableStack();
  const own = await testBuffer(owned);
  const stream = await own.openStream('/var/log/a', '7');
  const other = await own.openStream('/var/log/b', '8');
  await own.append(stream, 'one\n');
  await own.append(stream, 'two\n');
  const told = (): unknown => own.buffer.progressOf(file).map((p) => [p.stream.position, p.ackedTo, p.stream.ended]);
  assert.deepEqual(told(), [[8, 0, false]]);
  own.buffer.acked([1]);
  assert.deepEqual(told(), [[8, 4, false]]);
  assert.equal(own.buffer.ackedTo(stream.streamId), 4);
  own.buffer.endStream(stream.streamId);
  assert.deepEqual(told(), [[8, 4, true]]);
  own.buffer.acked([2]);
  await own.reopen();
  await own.openStream('/var/log/c', '9');
  assert.equal(own.buffer.outbox.stream(stream.streamId), undefined, 'it is not in memory any more');
  assert.deepEqual(told(), [[8, 8, true]]);
  assert.equal(own.buffer.ackedTo(stream.streamId), 8);
  assert.equal(own.buffer.progressOf({ device: '2', inode: '7' }).length, 0, 'another device');
  assert.deepEqual(
    own.buffer.streams().map(({ streamId }) => streamId),
    [other.streamId, own.buffer.streams()[1]?.streamId],
  );
});

test('a file is known by how it begins; the newest stream comes first', async () => {
  await using owned = new AsyncDisposableStack();
  const own = await testBuffer(owned);
  const old = await own.openStream('/var/log/a', '7');
  const grown = { ...old.identity, fingerprint: 'ab', fingerprintLength: 100 };
  await own.buffer.storeIdentity(old.streamId, grown);
  own.buffer.endStream(old.streamId);
  await own.reopen();
  const young = await own.openStream('/var/log/a', '9');
  own.buffer.updateIdentity(young.streamId, { ...young.identity, fingerprint: 'ab', fingerprintLength: 100 });
  const found = (): string[] => own.buffer.progressByFingerprint('ab', 100).map(({ stream }) => stream.streamId);
  assert.deepEqual(found(), [young.streamId, old.streamId]);
  assert.equal(own.buffer.progressByFingerprint('ab', 99).length, 0);
  assert.equal(own.buffer.progressByFingerprint('', 0).length, 0, 'empty files are all alike');
  await own.reopen();
  assert.deepEqual(found(), [young.streamId, old.streamId]);
});

test('a token becomes the identity’s with the position', async () => {
  await using owned = new AsyncDisposableStack();
  const own = await testBuffer(owned);
  const stream = await own.openStream('journal', '');
  await own.append(stream, 'one\n', true);
  await own.append(stream, 'two\n', true);
  assert.equal(own.buffer.stream(stream.streamId).identity.token, 'to 8');
  await own.reopen();
  assert.equal(own.buffer.streams()[0]?.identity.token, 'to 8');
});

test('of very many files that begin alike the newest are told', async () => {
  await using owned = new AsyncDisposableStack();
  const own = await testBuffer(owned);
  const opened = await own.openStream('/var/log/a', '7');
  await own.close();
  const db = openDatabase(bufferFile(own.folder));
  const finished = new FinishedRows(db);
  const streams = new StreamRows(db);
  db.exec('BEGIN');
  const ids = Array.from({ length: finishedAlikeMax + 3 }, (_, index) => `${index}`);
  for (const id of ids) {
    const identity = { ...opened.identity, inode: `i${id}`, fingerprint: 'ab', fingerprintLength: 100 };
    streams.put({ ...opened, streamId: id, identity, ended: true });
  }
  finished.forget(ids, { nowMs: own.clock.now(), ageMsMax: 1000, countMax: finishedStreamsMax });
  db.exec('COMMIT');
  db.close();
  await own.reopen();
  const found = own.buffer.progressByFingerprint('ab', 100).map(({ stream }) => stream.streamId);
  assert.deepEqual([found.length, found[0], found.at(-1)], [finishedAlikeMax, ids.at(-1), '3']);
  assert.equal(own.buffer.progressOf({ device: '1', inode: 'i0' }).length, 1, 'each is known by its inode');
});

test('what is remembered is bounded by count and by age', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-finished-'));
  using owned = new DisposableStack();
  owned.defer(() => rmSync(folder, { recursive: true, force: true }));
  const db = openDatabase(bufferFile(folder));
  owned.defer(() => db.close());
  migrate(db, bufferFile(folder), migrations);
  const streams = new StreamRows(db);
  const finished = new FinishedRows(db);
  const reader = new FinishedReader(db);
  const end = (id: string, nowMs: number): void => {
    const identity = { path: `/${id}`, device: '1', inode: id, fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
    const attributes = { tenant: 't', type: 'a', host: 'h', encoding: 'utf-8', counted: false, labels: {} };
    streams.put({ streamId: id, identity, attributes, start: 0, position: 5, mark: '', ended: true });
    finished.forget([id], { nowMs, ageMsMax: 1000, countMax: 3 });
  };
  const known = (): string[] => ['1', '2', '3', '4', '5'].filter((id) => reader.byId(id) !== undefined);
  for (const id of ['1', '2', '3', '4']) end(id, 10);
  assert.deepEqual(known(), ['2', '3', '4']);
  end('5', 1011);
  assert.deepEqual(known(), ['5']);
});
