import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type RedisServer, startRedis } from '../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { eventually } from '../../testing/eventually.ts';
import { SharedHub } from '../../testing/shared-hub.ts';
import { deadAfterMs } from './limits.ts';

let server: RedisServer;
let folder = '';

function joined(letter: string, prefix: string): Promise<SharedHub> {
  return SharedHub.join({ letter, url: server.url, prefix });
}

/** What was written under a prefix: as if this server had lost it, or another one had it. */
async function field(prefix: string, name: string): Promise<string> {
  return await server.command('HGET', `${prefix}:{${prefix}-site}:cluster`, name);
}

suite('hubs over a real Redis', { skip: await requireTool('redis'), timeout: 120_000 }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tributary-cluster-'));
    server = await startRedis(folder);
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test('know each other, share the partitions, and tell who leaves', async () => {
    await using one = await joined('a', 'members');
    await eventually('it works on all', () => one.cluster.partitions().size === 64);
    {
      await using two = await joined('b', 'members');
      await eventually('both work', () => one.cluster.partitions().size + two.cluster.partitions().size === 64);
      assert.deepEqual(
        [...one.cluster.partitions()].filter((partition) => two.cluster.partitions().has(partition)),
        [],
      );
      assert.deepEqual(two.cluster.addresses(), ['ws://b:1', 'ws://a:1']);
      const heard: string[] = [];
      one.cluster.onAnnounced((message) => heard.push(message));
      await eventually('it hears', () => {
        two.cluster.announce('good morning');
        return heard.length > 0;
      });
      assert.equal(heard[0], 'good morning');
      two.cluster.tell({ state: 'draining' });
      await eventually('what it had goes to the other', () => one.cluster.partitions().size === 64);
    }
    await eventually('it is gone', () => one.cluster.members().length === 1);
  });

  test('take a hub that is silent for dead, but nobody after the store was away', async () => {
    await using one = await joined('a', 'deaths');
    const silent = {
      hubId: 'b'.repeat(32),
      host: 'b',
      version: '1',
      startedMs: 0,
      address: '',
      connections: 0,
      works: true,
    } as const;
    await one.store.beat({ ...silent, state: 'ready' });
    await eventually('it is heard', () => one.cluster.members().length === 2);
    // Both were last heard long ago: it was the store that was away, and the first who comes back does not clear away the other.
    const longAgo = Number((await server.command('TIME')).split('\n')[0]) * 1000 - 10 * deadAfterMs;
    const beats = 'deaths:{deaths-site}:cluster:beats';
    await server.command('HSET', beats, one.cluster.hubId, longAgo, silent.hubId, longAgo);
    const { members } = await one.store.beat({ ...silent, hubId: one.cluster.hubId, state: 'ready' });
    assert.equal(members.length, 2);
    await server.command('HSET', 'deaths:{deaths-site}:cluster', 'quiet', 0);
    await eventually('the silent one is dropped', () => one.cluster.members().length === 1);
  });

  test('do under a lock what one may do, and a later token is greater, also of a store that went back', async () => {
    await using one = await joined('a', 'locks');
    const first = await one.store.lock('house', 'one', 0);
    assert.ok(first !== undefined && first > 2 ** 32);
    assert.equal(await one.store.lock('house', 'two', 0), undefined);
    assert.equal(await one.store.lock('house', 'one', first), first);
    assert.equal(await one.store.isHeld('house', first), true);
    await one.store.unlock('house', first);
    assert.equal(await one.store.isHeld('house', first), false);
    const second = await one.store.lock('house', 'two', 0);
    assert.ok(second !== undefined && second > first);
    // Another master: it may have lost that the lock was given, and what its token was.
    await server.command('HSET', 'locks:{locks-site}:cluster', 'master', 'another', 'token', 1);
    assert.equal(await one.store.isHeld('house', second), false);
    assert.equal(await one.store.lock('house', 'two', second), undefined);
    const third = await one.store.lock('house', 'one', 0);
    assert.ok(third !== undefined && third > second);
    assert.equal(await field('locks', 'incarnation'), '2');
    // As it is when the same process was a replica meanwhile, and is master again.
    await server.command('DEBUG', 'CHANGE-REPL-ID');
    assert.equal(await one.store.isHeld('house', third), false);
    const fourth = await one.store.lock('house', 'two', 0);
    assert.ok(fourth !== undefined && fourth > third);
  });

  test('are of the site that the first of them said', async () => {
    await using one = await joined('a', 'claims');
    assert.deepEqual(await one.store.claim('1'.repeat(32)), { siteId: '1'.repeat(32), isNew: true });
    assert.deepEqual(await one.store.claim('2'.repeat(32)), { siteId: '1'.repeat(32), isNew: false });
  });
});
