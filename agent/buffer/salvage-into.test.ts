import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { checkBuffer } from './check-buffer.ts';
import { bufferFile } from './open-store.ts';
import { recordsOf } from './records-of.ts';
import { salvageInto, type SalvageReport } from './salvage-into.ts';
import { openTestBuffer, type TestBuffer } from './testing/test-buffer.ts';

/** A buffer, and a copy of it from before its newest batches were gone: as if they had been in a page that could not be read then. */
async function setAside(owned: AsyncDisposableStack): Promise<{ own: TestBuffer; file: string; streamId: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-salvage-'));
  owned.defer(() => rmSync(folder, { recursive: true, force: true }));
  const own = await openTestBuffer({ folder, limits: { replayWindowMs: 0 } });
  owned.defer(() => own.close());
  await own.buffer.adopt([]);
  const stream = await own.openStream('/var/log/a');
  for (const line of ['one\n', 'two\n', 'three\n', 'four\n']) await own.append(stream, line);
  await own.close();
  const file = `${bufferFile(folder)}.damaged-20260101T000000Z`;
  copyFileSync(bufferFile(folder), file);
  await own.reopen();
  return { own, file, streamId: stream.streamId };
}

async function salvaged(own: TestBuffer, file: string): Promise<SalvageReport | undefined> {
  await own.close();
  const db = openDatabase(bufferFile(own.folder));
  try {
    return salvageInto(file, db);
  } finally {
    db.close();
    await own.reopen();
  }
}

function texts(own: TestBuffer): [string, number, string][] {
  const found: [string, number, string][] = [];
  const { outbox } = own.buffer;
  for (let batch = outbox.next('default/app', 0); batch !== undefined; batch = outbox.next('default/app', batch.id)) {
    const [segment] = batch.segments;
    if (segment !== undefined) found.push([segment.streamId, segment.from, zstdDecompressSync(own.body(batch)).toString()]);
  }
  return found;
}

test('what was declared lost comes as a stream of its own, once, and is no loss any more', async () => {
  await using owned = new AsyncDisposableStack();
  const { own, file, streamId } = await setAside(owned);
  own.buffer.acked([1]);
  own.buffer.reject(2, 'gone');
  own.buffer.reject(3, 'gone');
  own.buffer.recordLoss({ streamId, from: 4, to: 14, cause: 'buffer-damaged' });
  own.buffer.acked([4]);
  const report = await salvaged(own, file);
  assert.deepEqual(report?.taken, { batches: 2, records: 2, bytes: 10 });
  assert.deepEqual([report?.present, report?.unreadable, report?.unknown], [2, 0, 0]);
  const found = texts(own);
  assert.deepEqual(
    found.map(([, from, text]) => [from, text]),
    [
      [4, 'two\n'],
      [8, 'three\n'],
    ],
  );
  const [made] = new Set(found.map(([id]) => id));
  assert.ok(made !== undefined && made !== streamId && found.every(([id]) => id === made), 'both are of one new stream');
  const { start, position, ended, identity } = own.buffer.stream(made);
  assert.deepEqual({ start, position, ended, inode: identity.inode }, { start: 4, position: 14, ended: true, inode: '' });
  assert.deepEqual(own.buffer.losses(), {});
  assert.deepEqual((await salvaged(own, file))?.taken, { batches: 0, records: 0, bytes: 0 }, 'a second time finds nothing');
  await own.close();
  assert.deepEqual(checkBuffer(bufferFile(own.folder)).problems, []);
  await own.reopen();
});

test('what its hub has, or what is read again, is not sent twice', async () => {
  await using owned = new AsyncDisposableStack();
  const { own, file } = await setAside(owned);
  own.buffer.acked([1, 2, 3, 4]);
  const report = await salvaged(own, file);
  assert.deepEqual([report?.taken.batches, report?.present], [0, 4]);
});

test('a buffer that has not asked its hub yet takes nothing', async () => {
  await using owned = new AsyncDisposableStack();
  const { file } = await setAside(owned);
  const folder = mkdtempSync(join(tmpdir(), 'tributary-salvage-'));
  owned.defer(() => rmSync(folder, { recursive: true, force: true }));
  const fresh = await openTestBuffer({ folder });
  owned.defer(() => fresh.close());
  assert.equal(await salvaged(fresh, file), undefined);
});

test('a stream that nobody knows comes as it is; one whose file is read anew does not', async () => {
  await using owned = new AsyncDisposableStack();
  const { file } = await setAside(owned);
  for (const [inode, taken] of [
    ['2', 0],
    ['3', 4],
  ] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-salvage-'));
    owned.defer(() => rmSync(folder, { recursive: true, force: true }));
    const other = await openTestBuffer({ folder });
    owned.defer(() => other.close());
    await other.buffer.adopt([]);
    await other.openStream('/var/log/other', inode);
    assert.equal((await salvaged(other, file))?.taken.batches, taken);
  }
});

test('what was behind the end of a stream is found once, also when the buffer has forgotten that stream since', async () => {
  await using owned = new AsyncDisposableStack();
  const { own, file, streamId } = await setAside(owned);
  const { identity, attributes } = own.buffer.stream(streamId);
  const folder = mkdtempSync(join(tmpdir(), 'tributary-salvage-'));
  owned.defer(() => rmSync(folder, { recursive: true, force: true }));
  const other = await openTestBuffer({ folder, limits: { replayWindowMs: 0 } });
  owned.defer(() => other.close());
  const origin = { siteId: '', agentId: '' };
  const noFile = { ...identity, device: '', inode: '' };
  await other.buffer.adopt([{ streamId, origin, identity: noFile, attributes, start: 0, held: 8, heldMark: '', closed: true }]);
  assert.deepEqual((await salvaged(other, file))?.taken, { batches: 2, records: 2, bytes: 11 });
  const ids = texts(other).map(([, from]) => from);
  assert.deepEqual(ids, [8, 14]);
  const { outbox } = other.buffer;
  for (let batch = outbox.next('default/app', 0); batch !== undefined; batch = outbox.next('default/app', batch.id)) {
    other.buffer.acked([batch.id]);
  }
  for (let start = 0; start < 2; start += 1) await other.reopen();
  assert.equal(other.buffer.outbox.stream(streamId), undefined, 'it is forgotten');
  assert.deepEqual((await salvaged(other, file))?.taken, { batches: 0, records: 0, bytes: 0 });
});

test("another agent's buffer, or what is none, brings nothing in and says why", async () => {
  await using owned = new AsyncDisposableStack();
  const { own, file } = await setAside(owned);
  const other = openDatabase(file);
  other.exec("INSERT INTO meta VALUES ('agent', 'aa')");
  other.close();
  await assert.doesNotReject(salvaged(own, file), 'an older release told no agent');
  own.buffer.rememberAgent('aa');
  await assert.doesNotReject(salvaged(own, file));
  own.buffer.rememberAgent('bb');
  await assert.rejects(salvaged(own, file), /this buffer is of agent aa, and this agent is bb/);
  const stranger = join(own.folder, 'stranger.db');
  const db = openDatabase(stranger);
  db.exec('CREATE TABLE numbers (number)');
  db.close();
  await assert.rejects(salvaged(own, stranger), /no buffer of an agent/);
  const garbage = join(own.folder, 'garbage');
  for (const bytes of [randomBytes(100_000), Buffer.from('hello\n'), Buffer.alloc(0)]) {
    writeFileSync(garbage, bytes);
    await assert.rejects(salvaged(own, garbage));
  }
  assert.deepEqual(own.failures, []);
});

test('the records of a batch have their positions, whatever they are and whatever was left out between them', () => {
  const segment = { streamId: 's', fromMark: '', toMark: '', cuts: [], drops: [], lengths: [] };
  const bytes = Buffer.from('one\ntwo\nab\ncx');
  const batch = {
    id: 1,
    channel: 'a/b',
    records: 5,
    inflatedBytes: bytes.length,
    bodyBytes: 0,
    checksum: 0,
    envelope: { createdMs: 0, hops: [], trims: [] },
    segments: [
      { ...segment, from: 100, to: 128, records: 2, bytes: 8, drops: [{ offset: 4, span: 20, records: 3 }] },
      { ...segment, from: 7, to: 9, records: 2, bytes: 4, lengths: [3, 1] },
      { ...segment, from: 40, to: 41, records: 1, bytes: 1, cuts: [{ offset: 1, cause: 'end' as const }] },
    ],
  };
  const found = [...recordsOf(batch, zstdCompressSync(bytes))].map(({ position, bytes: raw }) => [
    position,
    Buffer.from(raw).toString(),
  ]);
  assert.deepEqual(found, [
    [100, 'one\n'],
    [124, 'two\n'],
    [7, 'ab\n'],
    [8, 'c'],
    [40, 'x'],
  ]);
});
