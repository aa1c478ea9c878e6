import { after, suite } from 'node:test';
import { requireTool } from '../../../test/harness/require.ts';
import { registryContract } from '../registry-contract.ts';
import { RedisSite } from '../../../test/harness/redis/registry-site.ts';

const reason = await requireTool('redis');

suite('the registry that hubs share', { skip: reason, concurrency: 6 }, async () => {
  if (reason !== undefined) return;
  const site = await RedisSite.start();
  after(() => site[Symbol.asyncDispose]());
  registryContract('redis', () => site.hub(site.shared()));
});
