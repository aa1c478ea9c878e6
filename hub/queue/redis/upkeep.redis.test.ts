import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { until } from '../../../test/harness/until.ts';
import { front, owned } from '../contract/steps.ts';
import { testBatch, testEntry, testStream } from '../fixture.ts';
import { functionName } from './functions/library.ts';
import { MasterError, type Masters, partitionKeys } from './masters/masters.ts';
import { openRedisQueue } from './open-redis-queue.ts';
import { TestRedis } from './redis-fixture.ts';
import { openFolderStore } from './spill/folder-store.ts';

const skip = await requireTool('redis');

/**
 * Several calls of a step were under way when a master took no writes for longer than they wait. The first one that failed ended the
 * step; the next one had nobody who waited for it, and an unhandled rejection ends a process: here this test's, then every hub.
 */
test('a hub goes on when all calls of a step of its upkeep fail', { skip }, async () => {
  await using redis = await TestRedis.start();
  await using fixture = await redis.open({}, { prefix: 'upkeep' });
  let refused = 0;
  const masters = watched(fixture.masters, [functionName('tidy'), functionName('trim')], () => {
    refused += 1;
    return Promise.reject(new MasterError('REFUSED', 'refused'));
  });
  const log = createLogger({ level: 'error', sink: () => undefined });
  await using queue = await openRedisQueue({ masters, log, partitions: 1, keepsHouse: false });
  await queue.openStream(testStream(1));
  await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }]));
  await assert.rejects(queue.trim(), /refused/);
  // Unhandled rejections are told of when all that was settled at once has been worked off.
  await new Promise((done) => setImmediate(done));
  assert.equal(refused, 2);
});

/** A site has topics by the thousand, times its partitions, and most are at rest. */
test('a topic at rest is asked for what it keeps now and then, and an empty one not at all', { skip }, async () => {
  await using redis = await TestRedis.start();
  await using fixture = await redis.open({}, { prefix: 'rest' });
  let trims = 0;
  const masters = watched(fixture.masters, [functionName('trim')], (call) => {
    trims += 1;
    return call();
  });
  const clock = new ManualClock();
  const log = createLogger({ level: 'error', sink: () => undefined });
  let storeMs = 0;
  const limits = { replayWindowMs: 300_000 };
  await using queue = await openRedisQueue({ masters, log, limits, partitions: 1, clock, clockOffsetMs: () => storeMs });
  /** Polling and taking out sleep when they are done. */
  const trimsWithin = async (seconds: number): Promise<number> => {
    const before = trims;
    for (let passed = 0; passed < seconds; passed += 1) {
      await until('all is done', () => clock.sleeping === 2);
      clock.advance(1000);
      // Who was woken sleeps no more from then on.
      await new Promise((done) => setImmediate(done));
    }
    await until('all is done', () => clock.sleeping === 2);
    return trims - before;
  };
  await queue.openStream(testStream(1));
  await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }]));
  const own = await owned(queue, front, 'g');
  assert.ok((await trimsWithin(3)) > 0);
  const kept = await trimsWithin(20);
  assert.ok(kept > 0 && kept < 4, 'about as often as the replay window is exact');
  assert.equal(await queue.commit({ lease: own, to: 1 }), 'done');
  await trimsWithin(10);
  storeMs += 400_000;
  await trimsWithin(10);
  assert.equal((await queue.status()).topics[0]?.entries, 0);
  assert.equal(await trimsWithin(20), 0);
  await queue.append(testBatch([{ stream: 1, from: 10, to: 20 }]));
  assert.ok((await trimsWithin(2)) > 0, 'what came is looked at');
});

test('what was spilled outlives its entry for a while, and stays where that may be back', { skip }, async () => {
  await using redis = await TestRedis.start();
  await using fixture = await redis.open({}, { prefix: 'spilled' });
  const { masters } = fixture;
  const clock = new ManualClock();
  const log = createLogger({ level: 'error', sink: () => undefined });
  const spill = await openFolderStore(join(redis.folder, 'spill'));
  const spilled = async (): Promise<number> => (await Array.fromAsync(spill.list())).length;
  const limits = { replayWindowMs: 0 };
  await using queue = await openRedisQueue({ masters, log, limits, partitions: 1, clock, spill, memoryBytesMax: 1 });
  const passes = async (seconds: number): Promise<void> => {
    for (let passed = 0; passed < seconds; passed += 1) {
      // Polling, taking out and the sweep sleep when they are done.
      await until('all is done', () => clock.sleeping === 3);
      clock.advance(1000);
      await new Promise((done) => setImmediate(done));
    }
    await until('all is done', () => clock.sleeping === 3);
  };
  const isGone = async (): Promise<boolean> => (await queue.status()).topics[0]?.entries === 0;
  await queue.publish('platform', 0, testEntry('x'.repeat(5000)));
  await passes(4);
  assert.ok(await isGone());
  assert.equal(await spilled(), 1);
  await passes(61);
  assert.equal(await spilled(), 0);
  // A hub that was stopped for that minute, and goes on before it has heard of a master where the entry never went.
  await queue.publish('platform', 0, testEntry('x'.repeat(5000)));
  const [named] = await Array.fromAsync(spill.list());
  await passes(4);
  await redis.server.command('SADD', `${partitionKeys('spilled', 0)}spilled`, named?.name ?? '');
  await passes(61);
  assert.equal(await spilled(), 1);
  await spill.delete(named?.name ?? '');
  await queue.publish('platform', 0, testEntry('x'.repeat(5000)));
  await passes(4);
  assert.ok(await isGone());
  await redis.server.command('HSET', `${partitionKeys('spilled', 0)}meta`, 'master', 'another');
  await passes(61);
  assert.equal(await spilled(), 1);
});

/** These functions go through `instead`. */
function watched(
  masters: Masters,
  names: readonly string[],
  instead: (call: () => ReturnType<Masters['call']>) => ReturnType<Masters['call']>,
): Masters {
  return new Proxy(masters, {
    get: (target, property) => {
      if (property !== 'call') {
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return (...[partition, call, options]: Parameters<Masters['call']>): ReturnType<Masters['call']> => {
        const made = (): ReturnType<Masters['call']> => target.call(partition, call, options);
        return names.includes(call.name) ? instead(made) : made();
      };
    },
  });
}
