/** Redis that is away, loses everything, or goes back: what hubs know holds, what was answered stays, and nothing is mixed. */
import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { RedisProxy } from '../../../test/harness/redis/redis-proxy.ts';
import { startRedis } from '../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { Scratch } from '../../../test/harness/scratch.ts';
import { siteKeys } from '../../queue/redis/masters/masters.ts';
import { eventually } from '../../testing/eventually.ts';
import { actionsOf, enrolled, testBy, testEvent, testGreeting, testId, testToken, testUser, trailOf } from '../fixture.ts';
import { RedisSite } from '../../../test/harness/redis/registry-site.ts';

const reason = await requireTool('redis');
const web1 = testId('agent web1');

suite('a Redis that is gone or went back', { skip: reason }, async () => {
  if (reason !== undefined) return;
  const site = await RedisSite.start();
  after(() => site[Symbol.asyncDispose]());

  test('FLUSHALL: who was revoked stays revoked, on the hubs that are there and on one that comes', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared, { thread: true });
    await using other = await site.hub(shared);
    await enrolled(one.registry, 'web1');
    await one.registry.revokeAgent(web1, testBy);
    const trail = await trailOf(one.registry);
    await site.server.command('FLUSHALL');
    await other.registry.record(testEvent('user-added'));
    assert.equal(other.registry.agent(web1)?.state, 'revoked');
    assert.deepEqual((await trailOf(other.registry)).slice(0, -1), trail);
    await using fresh = await site.hub({ ...shared, mayFound: false });
    assert.equal(fresh.registry.agent(web1)?.state, 'revoked');
    assert.deepEqual(await trailOf(fresh.registry), await trailOf(other.registry));
    await one.registry.setMeta({});
    assert.deepEqual(await trailOf(one.registry), await trailOf(other.registry));
  });

  test('after a loss the hub with the newest copy puts it back, whoever looks first', async () => {
    const shared = site.shared();
    const folder = await site.folder();
    await (async () => {
      await using before = await site.hub(shared, { folder });
      await enrolled(before.registry, 'web1');
    })();
    await using newest = await site.hub(shared, { thread: true });
    await newest.registry.revokeAgent(web1, testBy);
    await site.server.command('FLUSHALL');
    await using older = await site.hub(shared, { folder });
    assert.equal(older.registry.agent(web1)?.state, 'revoked');
    await older.registry.record(testEvent('user-added'));
    await newest.registry.setMeta({});
    assert.deepEqual(await trailOf(older.registry), await trailOf(newest.registry));
  });

  test('what the site gave up while a hub was away is refused when that hub comes back, not mixed in', async () => {
    const shared = site.shared();
    const [folder, stays] = [await site.folder(), await site.folder()];
    await (async () => {
      await using one = await site.hub(shared, { folder });
      await enrolled(one.registry, 'web1');
      await (async () => {
        await using other = await site.hub(shared, { folder: stays });
        await other.registry.setMeta({});
      })();
      await one.registry.revokeAgent(web1, testBy);
    })();
    await site.server.command('FLUSHALL');
    await using other = await site.hub(shared, { folder: stays });
    await other.registry.record(testEvent('user-added'));
    await assert.rejects(site.hub(shared, { folder }), { message: /has changes that Redis lost.*not mixed.*revoked last/s });
    await assert.rejects(site.hub(shared, { folder, thread: true }), { message: /has changes that Redis lost/ });
  });

  test('while Redis is away who is known comes in and who was revoked does not; changes fail and work again later', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    const shared = site.shared({ url: server.url });
    await using hub = await site.hub(shared, { thread: true });
    await enrolled(hub.registry, 'web1');
    await enrolled(hub.registry, 'web2');
    assert.equal((await hub.registry.greeted(testGreeting('web1'), '')).kind, 'welcome');
    await hub.registry.revokeAgent(testId('agent web2'), testBy);
    await server.kill();
    assert.equal((await hub.registry.greeted(testGreeting('web1'), '')).kind, 'welcome', 'it comes back as it left');
    assert.equal(hub.registry.agent(testId('agent web2'))?.state, 'revoked');
    const failure = { code: 'REGISTRY_UNAVAILABLE', message: /Redis cannot be reached/ };
    await assert.rejects(hub.registry.greeted(testGreeting('web1', { startCounter: 101 }), ''), failure);
    await assert.rejects(hub.registry.addEnrolmentToken(testToken('tokena000'), testBy), failure);
    // After one has waited for Redis others are answered at once: if each waited, these would take many minutes.
    const startMs = performance.now();
    for (let time = 0; time < 1000; time += 1) await hub.registry.greeted(testGreeting('web1'), '');
    assert.ok(performance.now() - startMs < 60_000);
    await server.restart();
    await eventually('changes work again', async () => {
      const verdict = await hub.registry.greeted(testGreeting('web1', { startCounter: 101 }), '').catch(() => undefined);
      return verdict?.kind === 'welcome';
    });
    assert.equal((await actionsOf(hub.registry)).filter((action) => action === 'token-created').length, 2);
  });

  test('a change whose answer was lost is done once', async () => {
    await using proxy = await RedisProxy.start(site.server);
    const shared = site.shared();
    await using direct = await site.hub(shared);
    await using hub = await site.hub({ ...shared, redis: { ...shared.redis, url: proxy.url } });
    await hub.registry.putUser(testUser('anna'), testEvent('user-added'));
    proxy.silenceReplies();
    await Promise.all([0, 1, 2].map((round) => hub.registry.record(testEvent('user-changed', { round }))));
    await direct.registry.setMeta({});
    const changed = (await trailOf(direct.registry)).filter(({ action }) => action === 'user-changed');
    assert.deepEqual(
      changed.map(({ details }) => details['round']),
      [0, 1, 2],
    );
    assert.deepEqual(await trailOf(hub.registry), await trailOf(direct.registry));
  });

  test('a change that no replica has yet is taken by no other hub: the master may go with it', async () => {
    await using scratch = await Scratch.make();
    await using replica = await startRedis(scratch.path, { replicaof: `${site.server.host} ${site.server.port}` });
    await eventually('the replica has all', () => site.server.isFollowedBy(1));
    const usual = site.shared();
    const shared = { ...usual, redis: { ...usual.redis, min_replicas: 1 } };
    await using one = await site.hub(shared);
    await using other = await site.hub(shared);
    await enrolled(one.registry, 'web1');
    await other.registry.setMeta({});
    replica.pause();
    const log = `${siteKeys(shared.redis.prefix)}registry-log`;
    const entries = await site.server.command('XLEN', log);
    const revoked = one.registry.revokeAgent(web1, testBy);
    await eventually('the master has it', async () => (await site.server.command('XLEN', log)) !== entries);
    await other.registry.setMeta({});
    assert.notEqual(other.registry.agent(web1)?.state, 'revoked');
    replica.resume();
    await revoked;
    await eventually('the other hub takes it', async () => {
      await other.registry.setMeta({});
      return other.registry.agent(web1)?.state === 'revoked';
    });
  });
});
