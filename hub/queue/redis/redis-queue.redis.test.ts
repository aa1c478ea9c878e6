import { after, before, suite } from 'node:test';
import { requireTool } from '../../../test/harness/require.ts';
import { queueModel } from '../contract/model-contract.ts';
import { queueContract } from '../queue.contract.ts';
import { TestRedis } from './redis-fixture.ts';

suite('the queue on Redis', { skip: await requireTool('redis') }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis[Symbol.asyncDispose]());
  queueContract('redis', (limits) => redis.open(limits));
  queueModel('redis', (limits) => redis.open(limits));
});
