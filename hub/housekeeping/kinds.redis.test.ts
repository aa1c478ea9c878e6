import { after, before, suite } from 'node:test';
import { requireTool } from '../../test/harness/require.ts';
import { TestRedis } from '../queue/redis/redis-fixture.ts';
import { kindsContract } from './kinds.contract.ts';

suite('what may go, on Redis', { skip: await requireTool('redis') }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis[Symbol.asyncDispose]());
  kindsContract('redis', (limits) => redis.open(limits));
});
