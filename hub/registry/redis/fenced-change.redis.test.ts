/**
 * What is done under a lock changes nothing once the lock is over, whoever of its holders was stopped for how long: the question whether it is
 * held is asked in the step that writes.
 */
import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import type { Fence } from '../../cluster/cluster.ts';
import { clusterLibrary } from '../../cluster/redis/functions.ts';
import { lockKeys } from '../../cluster/redis/lock-functions.ts';
import { SiteStore } from '../../cluster/redis/site-store.ts';
import { testMasters } from '../../queue/redis/masters/redis-fixture.ts';
import { RedisSite } from '../../../test/harness/redis/registry-site.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { testEvent, trailOf } from '../fixture.ts';
import type { SqliteRegistryFixture } from '../sqlite/registry-fixture.ts';

const reason = await requireTool('redis');

suite('changes under a lock', { skip: reason, timeout: 120_000 }, async () => {
  if (reason !== undefined) return;
  const site = await RedisSite.start();
  after(() => site[Symbol.asyncDispose]());

  interface Locked extends AsyncDisposable {
    readonly registry: SqliteRegistryFixture['registry'];
    readonly lockKey: string;
    take(owner: string): Promise<Fence>;
    /** As time does it. */
    endLock(): Promise<unknown>;
  }

  async function open(): Promise<Locked> {
    const shared = site.shared();
    const { url, prefix } = shared.redis;
    await using owned = new AsyncDisposableStack();
    // In a thread, as in a hub.
    const { registry } = owned.use(await site.hub(shared, { thread: true }));
    const { masters } = owned.use(await testMasters({ url, prefix }, { libraries: [clusterLibrary] }));
    const store = new SiteStore(masters);
    const [, lockKey] = lockKeys(prefix, 'audit');
    for (let number = 1; number <= 3; number += 1) await registry.record(testEvent('archive-searched', { number }));
    const moved = owned.move();
    return {
      registry,
      lockKey,
      take: async (owner) => {
        const token = await store.lock('audit', owner, 0);
        assert.ok(token !== undefined);
        return { name: 'audit', token };
      },
      endLock: () => site.server.command('HSET', lockKey, 'until', 1),
      [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
    };
  }

  const refused = { name: 'RegistryError', code: 'REGISTRY_CONFLICT', message: /another hub does this now/ };

  test('who was stopped past the lock is refused, before and after another one takes it, and that one is not', async () => {
    await using locked = await open();
    const { registry } = locked;
    const old = await locked.take('one');
    await registry.auditPassedOn(1, old);
    await locked.endLock();
    await assert.rejects(registry.auditPassedOn(3, old), refused);
    const next = await locked.take('two');
    assert.ok(next.token > old.token);
    await assert.rejects(registry.auditPassedOn(3, old), refused);
    assert.deepEqual(
      (await trailOf(registry)).map(({ sequence }) => sequence),
      [2, 3],
    );
    await registry.auditPassedOn(2, next);
    assert.deepEqual(
      (await trailOf(registry)).map(({ sequence }) => sequence),
      [3],
    );
  });

  test('what comes with a refused change is done all the same, before it and after it', async () => {
    await using locked = await open();
    const { registry } = locked;
    const old = await locked.take('one');
    await locked.endLock();
    const results = await Promise.allSettled([
      registry.setMeta({ before: '1' }),
      registry.auditPassedOn(3, old),
      registry.setMeta({ after: '1' }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual([registry.meta('before'), registry.meta('after')], ['1', '1']);
    assert.equal((await trailOf(registry)).length, 3);
  });

  test('what is told and set under a lock that is over is neither, and many changes under one lock are done together', async () => {
    await using locked = await open();
    const { registry } = locked;
    const old = await locked.take('one');
    const told = Array.from({ length: 20 }, (_, number) => registry.record(testEvent('data-removed', { number }), old));
    await Promise.all([...told, registry.setMeta({ mine: '1' }, { fence: old })]);
    assert.deepEqual([(await trailOf(registry)).length, registry.meta('mine')], [23, '1']);
    await locked.endLock();
    await assert.rejects(registry.record(testEvent('data-removed', {}), old), refused);
    await assert.rejects(registry.setMeta({ mine: '2' }, { fence: old }), refused);
    assert.deepEqual([(await trailOf(registry)).length, registry.meta('mine')], [23, '1']);
  });

  test('a lock of the time before the master changed is over', async () => {
    await using locked = await open();
    const old = await locked.take('one');
    await site.server.command('DEBUG', 'CHANGE-REPL-ID');
    await assert.rejects(locked.registry.auditPassedOn(3, old), refused);
    await locked.registry.auditPassedOn(3, await locked.take('one'));
    assert.deepEqual(await trailOf(locked.registry), []);
  });
});
