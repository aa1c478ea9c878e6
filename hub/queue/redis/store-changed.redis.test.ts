/** A store that was restarted, went back, or was emptied while hubs went on: what they promised, and what they find out. */
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { startRedis } from '../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { until } from '../../../test/harness/until.ts';
import { contents, front, lease, owned, plenty } from '../contract/steps.ts';
import { testAttributes, testBatch, testEntry, testKey, testMark, testSegment, testStream } from '../fixture.ts';
import type { NewEntry } from '../queue.ts';
import { functionName, type QueueFunction } from './functions/library.ts';
import { type Masters, partitionKeys } from './masters/masters.ts';
import { openRedisQueue } from './open-redis-queue.ts';
import { TestRedis, type RedisQueueFixture } from './redis-fixture.ts';

const policy = { kind: 'blocking' } as const;
const place = { topic: front, group: 'g', partition: 0 };

suite('a store that is another one than before', { skip: await requireTool('redis') }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis[Symbol.asyncDispose]());

  test('calls under way when the master is not the known one are made once, in their order, and leases end', async () => {
    await using fixture = await redis.open({}, { prefix: 'order' });
    const { queue } = fixture;
    const changed: (number | undefined)[] = [];
    queue.onStoreChanged((partition) => changed.push(partition));
    await queue.openStream(testStream(1));
    const own = await owned(queue, front, 'g');
    await redis.server.command('HSET', `${partitionKeys('order', 0)}meta`, 'master', 'another');
    const appended = Array.from({ length: 30 }, (_, index) => {
      return queue.append(testBatch([{ stream: 1, from: index * 10, to: index * 10 + 10 }]));
    });
    assert.deepEqual(new Set((await Promise.all(appended)).map(({ kind }) => kind)), new Set(['stored']));
    assert.deepEqual(changed, [0]);
    assert.equal(await queue.commit({ lease: own, to: 1 }), 'fenced');
    assert.equal(await queue.renew(own, 1000), undefined);
    const next = lease(await queue.acquire(place, 'another', 1000));
    assert.ok(next.epoch > own.epoch);
  });

  test('an answer of the master before that comes late is no change of the store', async () => {
    await using fixture = await redis.open({}, { prefix: 'late-answer' });
    const { masters, held } = holding(fixture, 'measure');
    const log = createLogger({ level: 'error', sink: () => undefined });
    await using queue = await openRedisQueue({ masters, log, partitions: 1, keepsHouse: false });
    await queue.publish(front, 0, testEntry('a'));
    const earlier = queue.generationOf(0);
    const changed: (number | undefined)[] = [];
    queue.onStoreChanged((partition) => changed.push(partition));
    const measured = queue.measure({ topic: front, partition: 0, afterSequence: 0 });
    await held.answered;
    await redis.server.command('HSET', `${partitionKeys('late-answer', 0)}meta`, 'master', 'another');
    await queue.publish(front, 0, testEntry('b'));
    const own = await owned(queue, front, 'g');
    assert.notEqual(own.generation, earlier);
    held.release();
    await measured;
    assert.equal(queue.generationOf(0), own.generation);
    assert.equal(lease(await queue.renew(own, 1000)).generation, own.generation);
    assert.deepEqual(changed, [0]);
  });

  test('records under way when the store went back get no positions that it gave out before', async () => {
    await using fixture = await redis.open({}, { prefix: 'listener' });
    const { queue } = fixture;
    const records = (number: number): NewEntry => {
      const stream = { ...testStream(number), attributes: testAttributes({ counted: true }) };
      return testEntry('abc', { format: 'batch', records: 3, segments: [{ ...testSegment(0, 3), lengths: [1, 1, 1], stream }] });
    };
    assert.equal(await queue.publish(front, 0, records(1)), 'stored');
    await redis.server.command('HSET', `${partitionKeys('listener', 0)}meta`, 'master', 'another');
    assert.equal(await queue.publish(front, 0, records(1), 'key'), 'full');
    // Their sender tries again: under another stream, as it sees another generation.
    assert.equal(await queue.publish(front, 0, records(2), 'key'), 'stored');
    const entries = await queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
    assert.equal(entries.length, 2);
  });

  test('what waits is known again when a poll is what finds another master', async () => {
    await using fixture = await redis.open({}, { prefix: 'levels' });
    const { queue } = fixture;
    await queue.openStream(testStream(1));
    await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }]));
    await queue.trim();
    const told: string[] = [];
    queue.onAppended((topic) => told.push(topic));
    await redis.server.command('HSET', `${partitionKeys('levels', 0)}meta`, 'master', 'another');
    await queue.trim();
    await queue.trim();
    assert.deepEqual(told, [front]);
  });

  test(
    'a Redis that is killed again and again loses nothing that was answered, and nothing comes twice',
    { timeout: 120_000 },
    async () => {
      await using fixture = await redis.open();
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.ensureGroup({ topic: front, group: 'g', policy, from: 'beginning' });
      const stop = new AbortController();
      const batches = sendUntil(fixture, stop.signal);
      const passing = passUntil(fixture, stop.signal);
      for (let kills = 0; kills < 3; kills += 1) {
        const { held } = await queue.openStream(testStream(1));
        await until('more was taken', async () => (await queue.openStream(testStream(1))).held >= held + 200);
        await redis.server.kill();
        await redis.server.restart();
      }
      stop.abort();
      const sent = await batches;
      await passing;
      const entries = await queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
      let position = 0;
      for (const [index, { sequence, segments }] of entries.entries()) {
        assert.equal(sequence, index + 1);
        assert.equal(segments[0]?.from, position);
        position = segments[0]?.to ?? 0;
      }
      assert.ok(position >= sent);
      const cursor = (await queue.status()).groups[0]?.cursor ?? 0;
      const passed = (await contents(queue, 'passed')).map(Number);
      assert.deepEqual(
        passed,
        Array.from({ length: cursor }, (_, index) => index + 1),
      );
    },
  );

  test('a store that went back: positions are told anew, leases and groups of the lost time do no harm', async () => {
    await using own = await TestRedis.start();
    await using fixture = await own.open();
    const { queue } = fixture;
    const changed: (number | undefined)[] = [];
    queue.onStoreChanged((partition) => changed.push(partition));
    await queue.openStream(testStream(1));
    await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
    const early = await owned(queue, front, 'early');
    const kept = join(own.folder, 'kept');
    const folder = join(own.folder, 'redis', 'appendonlydir');
    await own.server.stop();
    await cp(folder, kept, { recursive: true });
    await own.server.restart();
    await queue.append(testBatch([{ stream: 1, from: 100, to: 200 }]));
    await queue.ensureGroup({ topic: front, group: 'late', policy, from: 'beginning' });
    const late = lease(await queue.acquire({ topic: front, group: 'late', partition: 0 }, 'owner', 60_000));
    await own.server.kill();
    await rm(folder, { recursive: true });
    await cp(kept, folder, { recursive: true });
    await own.server.restart();
    const changes = changed.length;
    assert.deepEqual(await queue.openStream(testStream(1)), { held: 100, heldMark: testMark(100), archived: 0 });
    assert.equal(changed.length, changes + 1);
    assert.equal(await queue.commit({ lease: early, to: 1 }), 'fenced');
    // The register went back as well, and is put back from what this hub knows.
    await queue.trim();
    await queue.ensureGroup({ topic: front, group: 'late', policy, from: 'beginning' });
    assert.equal(await queue.commit({ lease: late, to: 1 }), 'fenced');
    const again = lease(await queue.acquire({ topic: front, group: 'late', partition: 0 }, 'owner', 60_000));
    assert.notEqual(again.epoch, late.epoch);
    assert.equal(again.cursor, 0);
    assert.deepEqual(await queue.append(testBatch([{ stream: 1, from: 100, to: 150 }])), { kind: 'stored' });
  });

  /**
   * Seen when all hubs were away meanwhile: the master's process is the one they knew, and so is its run_id, but it threw away what its
   * successor did not have. A commit under the old lease would pass entries that are others now.
   */
  test("a master that was its successor's replica, and is master again before anybody looked, is another one", async () => {
    await using own = await TestRedis.start();
    const first = own.server;
    await using successor = await startRedis(own.folder, { replicaof: `${first.host} ${first.port}` }, 'successor');
    await using fixture = await own.open();
    const { queue } = fixture;
    const changed: (number | undefined)[] = [];
    queue.onStoreChanged((partition) => changed.push(partition));
    await queue.openStream(testStream(1));
    await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
    const lost = await owned(queue, front, 'g');
    await until('its replica has all', () => first.isFollowedBy(1));
    await successor.command('REPLICAOF', 'NO', 'ONE');
    await queue.append(testBatch([{ stream: 1, from: 100, to: 200 }]));
    await first.command('REPLICAOF', successor.host, successor.port);
    await until('it follows its successor', async () => (await first.info('master_link_status')) === 'up');
    const runId = await first.info('run_id');
    await first.command('REPLICAOF', 'NO', 'ONE');
    const changes = changed.length;
    assert.equal(await queue.commit({ lease: lost, to: 1 }), 'fenced');
    assert.equal(changed.length, changes + 1);
    assert.equal((await queue.openStream(testStream(1))).held, 100);
    assert.equal(await first.info('run_id'), runId);
  });

  test('a store that was emptied is another one, with the groups that the hub knows', async () => {
    await using own = await TestRedis.start();
    await using fixture = await own.open();
    const { queue } = fixture;
    const changed: (number | undefined)[] = [];
    queue.onStoreChanged((partition) => changed.push(partition));
    const { storeId } = queue;
    await queue.openStream(testStream(1));
    await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
    const earlier = await owned(queue, front, 'g');
    await own.server.command('FLUSHALL');
    await queue.trim();
    assert.notEqual(queue.storeId, storeId);
    assert.ok(changed.includes(undefined));
    const refused = await queue.append(testBatch([{ stream: 1, from: 100, to: 200 }]));
    assert.partialDeepStrictEqual(refused, { kind: 'refused', reason: 'position', key: testKey(1), held: 0 });
    assert.deepEqual(await queue.openStream(testStream(1)), { held: 0, heldMark: '', archived: 0 });
    await queue.append(testBatch([{ stream: 1, from: 0, to: 100 }]));
    assert.equal(await queue.commit({ lease: earlier, to: 1 }), 'fenced');
    assert.equal(lease(await queue.acquire(place, 'another', 1000)).cursor, 0);
    assert.deepEqual(queue.topics(), [front]);
  });
});

/** One batch behind the other, again until it was taken; resolves with the end of what was answered. */
async function sendUntil({ queue }: RedisQueueFixture, signal: AbortSignal): Promise<number> {
  const body = new Uint8Array(20_000);
  let from = 0;
  while (!signal.aborted) {
    const { kind } = await queue.append(testBatch([{ stream: 1, from, to: from + 10 }], { body }));
    if (kind !== 'refused') from += 10;
  }
  return from;
}

/** Passes each entry on as its sequence, under leases that end with each restart. */
async function passUntil({ queue }: RedisQueueFixture, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const own = lease(await queue.acquire(place, 'passer', 60_000));
    let { cursor } = own;
    let result: string = 'done';
    while (result === 'done' && !signal.aborted) {
      const [entry] = await queue.read({ topic: front, partition: 0, afterSequence: cursor }, { entries: 1, bytes: 1 });
      if (entry === undefined) continue;
      const publish = [{ topic: 'passed', entry: testEntry(String(entry.sequence)) }];
      result = await queue.commit({ lease: own, to: entry.sequence, publish });
      cursor = entry.sequence;
    }
  }
}

/** Keeps back the first answer of a function until it is released. */
function holding(
  fixture: RedisQueueFixture,
  name: QueueFunction,
): { readonly masters: Masters; readonly held: { readonly answered: Promise<void>; release: () => void } } {
  const answered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const call: Masters['call'] = async (partition, asked, options) => {
    const reply = await fixture.masters.call(partition, asked, options);
    if (asked.name !== functionName(name)) return reply;
    answered.resolve();
    await released.promise;
    return reply;
  };
  const masters = new Proxy(fixture.masters, {
    get: (target, property) => {
      if (property === 'call') return call;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { masters, held: { answered: answered.promise, release: released.resolve } };
}
