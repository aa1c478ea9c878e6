import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { requireTool } from '../require.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import { RedisCluster } from './redis-cluster.ts';
import { RedisProxy } from './redis-proxy.ts';
import { RedisSentinels } from './redis-sentinels.ts';
import { startRedis } from './redis-server.ts';

suite('real Redis servers', { skip: await requireTool('redis') }, () => {
  test('one keeps what it was given when it is killed', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await server.command('SET', 'a', 'b');
    await server.kill();
    await server.restart();
    assert.equal(await server.command('GET', 'a'), 'b');
    await using proxy = await RedisProxy.start(server);
    assert.ok(proxy.url.startsWith('redis://127.0.0.1:'));
  });

  test('Sentinels make a replica the master when the master is killed', async () => {
    await using scratch = await Scratch.make();
    await using site = await RedisSentinels.start({ folder: scratch.path });
    const [first] = site.servers;
    await first?.kill();
    await until('another one is the master', async () => (await site.master()) !== first);
  });

  test('a cluster has its slots on three masters and moves them', async () => {
    await using scratch = await Scratch.make();
    await using cluster = await RedisCluster.start({ folder: scratch.path });
    // The slot of `foo`.
    const source = cluster.ownerOf(12_182);
    const [target] = cluster.masters;
    assert.ok(target !== undefined && source !== target);
    await source.command('SET', 'foo', 'bar');
    await cluster.migrate(12_182, source, target);
    assert.equal(await target.command('GET', 'foo'), 'bar');
  });
});
