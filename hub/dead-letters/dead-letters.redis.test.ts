import { after, before, suite } from 'node:test';
import { requireTool } from '../../test/harness/require.ts';
import { TestRedis } from '../queue/redis/redis-fixture.ts';
import { deadLettersContract } from './dead-letters.contract.ts';

suite('dead letters on Redis', { skip: await requireTool('redis') }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis[Symbol.asyncDispose]());
  deadLettersContract('redis', (limits) => redis.open(limits));
});
