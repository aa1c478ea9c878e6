/** What is archived although the store has lost it, when whoever puts it back breaks off or is overtaken. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { LazyThread } from '../../groups/lazy-thread.ts';
import type { ArchiveObject, Lease } from '../../queue/queue.ts';
import { streamInfo } from '../../testing/records.ts';
import { archiveWorker } from '../../workers.ts';
import type { ArchiveContract, ArchiveThreadData } from './archive-contract.ts';
import { ArchivedBefore } from './archived-before.ts';
import { ArchiveEvents } from './events.ts';
import { manifestText } from './manifest.ts';
import { manifestName } from './object-name.ts';
import { folderArchive } from './store/archive-spec.ts';
import { FolderStore } from './store/folder-store.ts';

const channel = 'acme/app';
const { key } = streamInfo(1);
const lease: Lease = {
  topic: `back/${channel}`,
  group: 'archive',
  partition: 0,
  epoch: 1,
  cursor: 0,
  expiresMs: 0,
  isAfterUnclean: false,
  triesOfNext: 0,
  generation: 7,
};
const events = new ArchiveEvents(createLogger({ level: 'error', sink: () => undefined }));

/** The store as it is after it went back: rows are put back, and nobody may hear of it. */
class ReturnedStore {
  readonly partitions = 1;
  readonly rows: ArchiveObject[] = [];
  generation = 7;
  answersLost = 0;
  beforeRows: Promise<unknown> = Promise.resolve();

  generationOf(): number {
    return this.generation;
  }

  async archiveObjects(): Promise<readonly ArchiveObject[]> {
    const rows = [...this.rows];
    await this.beforeRows;
    return rows;
  }

  async restoreArchived(_lease: Lease, objects: readonly ArchiveObject[]): Promise<'done'> {
    this.rows.push(...objects);
    this.answersLost -= 1;
    if (this.answersLost >= 0) throw new Error('the answer was lost');
    return 'done';
  }
}

/** An object of positions 100 to 200 with its manifest. Those of later hours hold later ones. */
function writeObject(folder: string, hoursLater = 0): ArchiveObject {
  const name = `${channel}/2026/11/21/${10 + hoursLater}/aa-0-1-1.csv.zst`;
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'rows');
  const receivedMs = Date.UTC(2026, 10, 21, 10 + hoursLater, 30);
  const from = 100 + 100 * hoursLater;
  const place = { channel, partition: 0, first: 1, last: 1 };
  const figures = {
    name,
    receivedMsMin: receivedMs,
    receivedMsMax: receivedMs,
    eventMsMin: undefined,
    eventMsMax: undefined,
    records: 10,
    rawBytes: 100,
    objectBytes: 4,
    sha256: hash('sha256', 'rows', 'hex'),
    hosts: ['web1'],
    frames: [],
  };
  const basis = { ...place, storeId: 'aa', topic: lease.topic, segments: [{ key, from, to: from + 100 }] };
  writeFileSync(manifestName(path), manifestText({ ...basis, ...figures }).text);
  return { ...place, ...figures };
}

test('what objects hold is left out also when nobody heard that their rows were put back', async () => {
  using scratch = mkdtempDisposableSync(join(tmpdir(), 'tb-'));
  await using thread = new LazyThread<ArchiveContract>(archiveWorker, {
    workerData: { archive: folderArchive(scratch.path), crashPoint: undefined } satisfies ArchiveThreadData,
  });
  const queue = new ReturnedStore();
  queue.answersLost = 1;
  const object = writeObject(scratch.path);
  await assert.rejects(
    new ArchivedBefore({ queue, store: new FolderStore(scratch.path), thread, events }).heldFor(lease, channel),
    /lost/,
  );
  // Another owner, which finds the row in the index.
  const held = await new ArchivedBefore({ queue, store: new FolderStore(scratch.path), thread, events }).heldFor(lease, channel);
  assert.ok(held !== 'fenced');
  assert.deepEqual(held.of(key), [[100, 200]]);
  assert.deepEqual(
    queue.rows.map(({ name }) => name),
    [object.name],
  );
});

test('what many hours hold is put back from the oldest on, so that who breaks off goes on where it was', async () => {
  using scratch = mkdtempDisposableSync(join(tmpdir(), 'tb-'));
  await using thread = new LazyThread<ArchiveContract>(archiveWorker, {
    workerData: { archive: folderArchive(scratch.path), crashPoint: undefined } satisfies ArchiveThreadData,
  });
  const queue = new ReturnedStore();
  const objects = [0, 3, 6].map((hours) => writeObject(scratch.path, hours));
  queue.answersLost = 1;
  await assert.rejects(
    new ArchivedBefore({ queue, store: new FolderStore(scratch.path), thread, events }).heldFor(lease, channel),
    /lost/,
  );
  assert.equal(queue.rows.length, 1);
  const held = await new ArchivedBefore({ queue, store: new FolderStore(scratch.path), thread, events }).heldFor(lease, channel);
  assert.ok(held !== 'fenced');
  assert.deepEqual(
    held.of(key),
    [0, 3, 6].map((hours) => [100 + 100 * hours, 200 + 100 * hours]),
  );
  assert.deepEqual(
    queue.rows.map(({ name }) => name),
    objects.map(({ name }) => name),
  );
});

test('an index that was read before the store went back is not taken for what it has now', async () => {
  using scratch = mkdtempDisposableSync(join(tmpdir(), 'tb-'));
  await using thread = new LazyThread<ArchiveContract>(archiveWorker, {
    workerData: { archive: folderArchive(scratch.path), crashPoint: undefined } satisfies ArchiveThreadData,
  });
  const queue = new ReturnedStore();
  queue.rows.push(writeObject(scratch.path));
  const reading = Promise.withResolvers<void>();
  queue.beforeRows = reading.promise;
  const before = new ArchivedBefore({ queue, store: new FolderStore(scratch.path), thread, events });
  const early = before.heldFor(lease, 'acme/other');
  queue.generation = 8;
  queue.rows.length = 0;
  const late = before.heldFor({ ...lease, generation: 8 }, channel);
  reading.resolve();
  await early;
  const held = await late;
  assert.ok(held !== 'fenced');
  assert.deepEqual(held.of(key), [[100, 200]]);
});
