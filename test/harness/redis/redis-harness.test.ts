import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { requireTool } from '../require.ts';
import { Scratch } from '../scratch.ts';
import { RedisProxy } from './redis-proxy.ts';
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
});
