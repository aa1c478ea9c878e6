import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { testBatch, testStream } from '../fixture.ts';
import { functionName } from './functions/library.ts';
import { MasterError, type Masters } from './masters/masters.ts';
import { openRedisQueue } from './open-redis-queue.ts';
import { TestRedis } from './redis-fixture.ts';

const skip = await requireTool('redis');

/**
 * Several calls of a step were under way when a master took no writes for longer than they wait. The first one that failed ended the
 * step; the next one had nobody who waited for it, and an unhandled rejection ends a process: here this test's, then every hub.
 */
test('a hub goes on when all calls of a step of its upkeep fail', { skip }, async () => {
  await using redis = await TestRedis.start();
  await using fixture = await redis.open({}, { prefix: 'upkeep' });
  let refused = 0;
  const masters = failing(fixture.masters, [functionName('tidy'), functionName('trim')], () => (refused += 1));
  const log = createLogger({ level: 'error', sink: () => undefined });
  await using queue = await openRedisQueue({ masters, log, partitions: 1, keepsHouse: false });
  await queue.openStream(testStream(1));
  await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }]));
  await assert.rejects(queue.trim(), /refused/);
  // Unhandled rejections are told of when all that was settled at once has been worked off.
  await new Promise((done) => setImmediate(done));
  assert.equal(refused, 2);
});

function failing(masters: Masters, names: readonly string[], onFailed: () => void): Masters {
  return new Proxy(masters, {
    get: (target, property) => {
      if (property !== 'call') {
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return (...[partition, call, options]: Parameters<Masters['call']>): ReturnType<Masters['call']> => {
        if (!names.includes(call.name)) return target.call(partition, call, options);
        onFailed();
        return Promise.reject(new MasterError('REFUSED', 'refused'));
      };
    },
  });
}
