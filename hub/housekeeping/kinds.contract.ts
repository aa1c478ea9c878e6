/** The kinds of data that are in the queue, over either implementation. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { housekeepingOptions } from '../config/housekeeping-options.ts';
import { deadLetterEntry, deadLetterTopic, keepDeadLetters } from '../dead-letters/dead-letter.ts';
import { testLetter } from '../dead-letters/fixture.ts';
import { listLetters } from '../dead-letters/letter-list.ts';
import { letterChoice } from '../dead-letters/letter-filter.ts';
import { readCut } from '../outputs/archive/chain/chain-cut.ts';
import { placeBehind } from '../outputs/archive/chain/chain-link.ts';
import { manifestText } from '../outputs/archive/manifest.ts';
import { manifestName } from '../outputs/archive/object-name.ts';
import { FolderStore } from '../outputs/archive/store/folder-store.ts';
import type { ContractTest, OpenQueueFixture } from '../queue/contract/contract-test.ts';
import { appendThrough, ownedPlace, placeOf, testObject, testPlan } from '../queue/contract/steps.ts';
import { testBatch, testKey, testStream } from '../queue/fixture.ts';
import { type ArchiveObject, frontTopic, type Queue, streamName } from '../queue/queue.ts';
import { archivedBeforeFiles } from './kinds/archived-before-files.ts';
import { archiveObjects } from './kinds/archive-objects.ts';
import { endedStreams } from './kinds/ended-streams.ts';
import { oldDeadEntries, oldDeadLetters } from './kinds/old-dead-letters.ts';
import type { HousekeepingKind, Removal } from './removal.ts';
import { type Retention, retentionOf } from './retention.ts';

const dayMs = 86_400_000;

function rules(...retention: readonly object[]): () => Retention {
  const kept = retentionOf(housekeepingOptions.parse({ retention }));
  return () => kept;
}

async function planOf<Own extends Removal>(kind: HousekeepingKind<Own>, nowMs: number): Promise<Own[]> {
  return Array.fromAsync(kind.plan(nowMs));
}

async function cleared<Own extends Removal>(kind: HousekeepingKind<Own>, nowMs: number): Promise<number> {
  const plan = await planOf(kind, nowMs);
  for (const removal of plan) await kind.remove(removal, () => undefined);
  return plan.length;
}

function over(): never {
  throw new Error('the lock is over');
}

/** A hub whose lock is over removes nothing. */
async function assertAsks<Own extends Removal>(kind: HousekeepingKind<Own>, nowMs: number): Promise<void> {
  const plan = await planOf(kind, nowMs);
  assert.notEqual(plan.length, 0);
  for (const removal of plan) await assert.rejects(kind.remove(removal, over), /the lock is over/);
  assert.deepEqual(
    (await planOf(kind, nowMs)).map(({ subject }) => subject),
    plan.map(({ subject }) => subject),
  );
}

class TestArchive implements AsyncDisposable {
  readonly store: FolderStore;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tributary-house-'));

  constructor() {
    this.store = new FolderStore(this.#folder);
  }

  has(name: string): boolean {
    return existsSync(join(this.#folder, name));
  }

  /** An object per entry of the test agent's topic, a day apart, each with its row, manifest and place in the chain. */
  async fill(queue: Queue, count: number): Promise<ArchiveObject[]> {
    const own = await ownedPlace(queue, 'archive');
    const objects: ArchiveObject[] = [];
    let link: { number: number; link: string } | undefined;
    for (let number = 1; number <= count; number += 1) {
      const plan = { ...testPlan(number, number, own.partition), name: `acme/nginx/2026/01/0${number}/00/${number}.csv.zst` };
      const object = { ...testObject(plan), receivedMsMin: number * dayMs, receivedMsMax: number * dayMs + 1000 };
      await queue.plan(own, plan);
      await queue.commit({ lease: own, to: number, archived: { plan, object, segments: [] } });
      const chain = placeBehind(link);
      const manifest = manifestText({ ...object, storeId: 'aa', topic: 'back/acme/nginx', segments: [], chain });
      link = { number: chain.number, link: manifest.link };
      await this.store.write(object.name, 'rows');
      await this.store.write(manifestName(object.name), manifest.text);
      objects.push(object);
    }
    return objects;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true });
  }
}

const contract: readonly ContractTest[] = [
  [
    `objects go with their rows, manifests and folders, the oldest first, and the chain tells where it begins then`,
    async (open) => {
      await using fixture = await open();
      await using archive = new TestArchive();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await appendThrough(queue, 1, 0, 10, 20, 30, 40);
      const objects = await archive.fill(queue, 4);
      const parts = { queue, store: () => archive.store };
      assert.deepEqual(await planOf(archiveObjects({ ...parts, retention: rules() }), 1000 * dayMs), []);
      const kind = archiveObjects({ ...parts, retention: rules({ kind: 'archive', tenant: 'acme', age: '10d' }) });
      const nowMs = 13 * dayMs;
      const plan = await planOf(kind, nowMs);
      assert.deepEqual(
        plan.map(({ subject, bytes, why }) => [subject, bytes, why]),
        objects.slice(0, 2).map(({ name }, index) => {
          return [name, 40, `received until 1970-01-0${index + 2}T00:00Z, kept for 10d`];
        }),
      );
      await assertAsks(kind, nowMs);
      assert.equal(await readCut(archive.store, 'acme/nginx', placeOf(queue, 'archive').partition), undefined);
      assert.equal(archive.has(objects[0]?.name ?? ''), true);
      // Its hub was killed after the first object was gone, before anything was said of it.
      await archive.store.remove(objects[0]?.name ?? '');
      assert.equal(await cleared(kind, nowMs), 2);
      assert.deepEqual(await planOf(kind, nowMs), []);
      assert.deepEqual(
        (await queue.archiveObjects()).map(({ name }) => name),
        objects.slice(2).map(({ name }) => name),
      );
      assert.deepEqual(
        objects.map(({ name }) => [archive.has(name), archive.has(manifestName(name))]),
        [false, false, true, true].map((isThere) => [isThere, isThere]),
      );
      assert.deepEqual([archive.has('acme/nginx/2026/01/01'), archive.has('acme/nginx/2026/01/03')], [false, true]);
      const { partition } = placeOf(queue, 'archive');
      assert.equal((await readCut(archive.store, 'acme/nginx', partition))?.number, 2);
      assert.partialDeepStrictEqual((await queue.status()).archived, [{ objects: 2, records: 300, removed: 300 }]);
    },
  ],

  [
    `dead letters go when they were refused long ago, and the others stay`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await keepDeadLetters(queue, 'shop/web');
      const letters = [1, 2, 3].map((number) => testLetter(number, { atMs: number * dayMs }));
      await queue.publish(deadLetterTopic('shop/web'), 0, deadLetterEntry(letters, 1));
      const parts = { queue, clock: systemClock, hubId: 'aa' };
      assert.deepEqual(await planOf(oldDeadLetters({ ...parts, retention: rules() }), 1000 * dayMs), []);
      const kind = oldDeadLetters({ ...parts, retention: rules({ kind: 'dead_letters', type: 'web', age: '7d' }) });
      const [removal] = await planOf(kind, 10 * dayMs);
      assert.partialDeepStrictEqual(removal, { subject: '2 documents of dead/shop/web in partition 0', tenant: 'shop' });
      await assertAsks(kind, 10 * dayMs);
      assert.equal(await cleared(kind, 10 * dayMs), 1);
      const { letters: left } = await listLetters(queue, letterChoice({}, 0), () => false);
      assert.deepEqual(
        left.map(({ count }) => count),
        [1],
      );
      assert.deepEqual(await planOf(kind, 10 * dayMs), []);
    },
  ],

  [
    `entries that were set aside go by the same rule`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await appendThrough(queue, 1, 0, 10);
      await ownedPlace(queue, 'pipeline');
      await queue.skipEntries(placeOf(queue, 'pipeline'), 1, 'breaks it');
      const [entry] = await queue.deadEntries({ partition: placeOf(queue, 'pipeline').partition, after: 0 }, { entries: 9 });
      const kind = oldDeadEntries({ queue, retention: rules({ kind: 'dead_letters', age: '7d' }) });
      const atMs = entry?.atMs ?? 0;
      assert.deepEqual(await planOf(kind, atMs + 7 * dayMs), []);
      await assertAsks(kind, atMs + 8 * dayMs);
      assert.equal(await cleared(kind, atMs + 8 * dayMs), 1);
      assert.equal((await queue.status()).deadLetters, 0);
    },
  ],

  [
    `streams that were closed go after their time, unless something that is kept may name them`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0, replayBytesMax: 0 });
      const { queue } = fixture;
      for (const number of [1, 2, 3]) await queue.openStream(testStream(number));
      await appendThrough(queue, 1, 0, 10);
      await queue.append(testBatch([{ stream: 2, from: 0, to: 10 }]));
      await queue.closeStream(testKey(1), 10);
      await queue.closeStream(testKey(2), 20);
      const revoked = testKey(3).streamId;
      const isShutOut = ({ streamId }: { readonly streamId: string }): boolean => streamId === revoked;
      const kind = endedStreams({ queue, retention: rules(), isShutOut, needed: async () => new Set() });
      await kind.prepare?.(0, new AbortController().signal);
      const { partition } = placeOf(queue, 'pipeline');
      const closed = async (): Promise<(string | undefined)[]> =>
        (await queue.streams({ partition, after: 0 }, { entries: 9 })).map(({ key, closed: end }) => end && key.streamId);
      assert.deepEqual(await closed(), [testKey(1).streamId, testKey(2).streamId, testKey(3).streamId]);
      const nowMs = ((await queue.streams({ partition, after: 0 }, { entries: 1 }))[0]?.closed?.atMs ?? 0) + 31 * dayMs;
      fixture.advance(60_000);
      assert.deepEqual(await planOf(kind, nowMs), [], 'their entries are there');
      const pipeline = await ownedPlace(queue, 'pipeline');
      await queue.commit({ lease: pipeline, to: 1 });
      await queue.skipEntries(placeOf(queue, 'pipeline'), 1, 'breaks it');
      await queue.trim();
      assert.deepEqual(await planOf(kind, nowMs), [], 'one is set aside');
      assert.equal(await queue.dropDeadEntries(partition, [1]), 1);
      const [removal, ...more] = await planOf(kind, nowMs);
      assert.partialDeepStrictEqual(removal, { keys: [testKey(1), testKey(3)], tenant: 'acme', type: 'nginx' });
      assert.deepEqual(more, []);
      assert.deepEqual(await planOf(kind, nowMs - 2 * dayMs), []);
      await assertAsks(kind, nowMs);
      await cleared(kind, nowMs);
      assert.deepEqual(
        (await queue.streams({ partition, after: 0 }, { entries: 9 })).map(({ key }) => key),
        [testKey(2)],
      );
      assert.deepEqual(queue.topics().includes(frontTopic('acme/nginx')), true);
    },
  ],
  [
    `what was archived before a loss is forgotten when the store has all of it again, or nobody can send it`,
    async (open) => {
      await using fixture = await open();
      await using archive = new TestArchive();
      const { queue } = fixture;
      for (const number of [1, 2]) await queue.openStream(testStream(number));
      await appendThrough(queue, 1, 0, 10);
      const file = 'acme/nginx/.archived-0.json';
      const held = [1, 2].map((number) => ({ stream: streamName(testKey(number)), ranges: [[0, 10]] }));
      await archive.store.write(file, JSON.stringify({ version: 1, generation: 3, streams: held }));
      await archive.store.write('acme/nginx/2026/01/01/00/1.csv.zst', 'rows');
      let isShutOut = false;
      const parts = { queue, store: () => archive.store, retention: rules(), isShutOut: () => isShutOut };
      const kind = archivedBeforeFiles(parts);
      const nowMs = Date.now() + 31 * dayMs;
      assert.deepEqual(await planOf(kind, nowMs), [], 'the second stream may come yet');
      isShutOut = true;
      assert.partialDeepStrictEqual(await planOf(kind, nowMs), [{ subject: file, tenant: 'acme', type: 'nginx' }]);
      isShutOut = false;
      await appendThrough(queue, 2, 0, 10);
      assert.deepEqual(await planOf(kind, Date.now() + 29 * dayMs), [], 'it is young');
      await assertAsks(kind, nowMs);
      assert.equal(await cleared(kind, nowMs), 1);
      assert.equal(archive.has(file), false);
    },
  ],
];

export function kindsContract(implementation: string, open: OpenQueueFixture): void {
  for (const [name, body] of contract) test(`${implementation}: ${name}`, () => body(open));
}
