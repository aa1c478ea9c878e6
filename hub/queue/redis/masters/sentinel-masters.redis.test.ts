import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RedisSentinels } from '../../../../test/harness/redis/redis-sentinels.ts';
import { requireTool } from '../../../../test/harness/require.ts';
import { Scratch } from '../../../../test/harness/scratch.ts';
import { until } from '../../../../test/harness/until.ts';
import { partitionKeys } from './masters.ts';
import { testMasters, testPrefix } from './redis-fixture.ts';

const key = `${partitionKeys(testPrefix, 3)}a`;
const call = { name: 'test_add', keys: [key], args: ['a'] };

suite('the master that Sentinels name', { skip: await requireTool('redis') }, () => {
  test('a killed, and then a paused master is left for its successor; what was answered is there', async () => {
    await using scratch = await Scratch.make();
    await using site = await RedisSentinels.start({ folder: scratch.path, replicas: 3 });
    const sentinels = [...site.addresses];
    await assert.rejects(
      testMasters({ sentinels, master_name: 'other' }),
      /knows no master "other": set queue.redis.master_name/,
    );
    await using hub = await testMasters({ sentinels, min_replicas: 1 });
    const changes: unknown[] = [];
    hub.masters.onMasterChanged((partitions) => changes.push(partitions));
    let answered = 0;
    const over = new AbortController();
    const writing = (async (): Promise<void> => {
      while (!over.signal.aborted) {
        const isDone = await hub.masters.call(3, call).then(
          () => true,
          () => false,
        );
        if (isDone) answered += 1;
      }
    })();
    const first = await site.master();
    await until('some are written', () => answered > 50);
    await first.kill();
    await until('its successor takes more', () => changes.length === 1 && answered > 100);
    const second = await site.master();
    assert.notEqual(second, first);
    await until('the others follow it', async () => (await second.info('connected_slaves')) === '2');
    const before = answered;
    second.pause();
    await until('another one takes more', () => changes.length === 2 && answered > before + 50);
    over.abort();
    await writing;
    const third = await site.master();
    assert.notEqual(third, second);
    assert.ok((await third.command('GET', key)).length >= answered, 'replicas had what was answered');
    assert.deepEqual(changes, ['all', 'all']);
  });

  test('too few replicas are told as that, and a master that loses nothing without them is demanded', async () => {
    await using scratch = await Scratch.make();
    await using site = await RedisSentinels.start({ folder: scratch.path, replicas: 1 });
    const [master, replica] = site.servers;
    assert.ok(master !== undefined && replica !== undefined);
    const sentinels = [...site.addresses];
    await using hub = await testMasters({ sentinels, min_replicas: 1 });
    const isDurable = async (): Promise<boolean> => {
      const answered = hub.masters.call(3, call);
      return await answered.then(
        () => true,
        () => false,
      );
    };
    // On a busy machine a replica that is there may be late.
    await until('a call is durable', isDurable);
    replica.pause();
    await assert.rejects(hub.masters.call(3, call), { code: 'REPLICAS' });
    replica.resume();
    await until('it is durable again', isDurable);
    await master.command('CONFIG', 'SET', 'min-replicas-to-write', 0);
    await assert.rejects(testMasters({ sentinels }), /min-replicas-to-write 0: .*"CONFIG SET min-replicas-to-write 1"/);
  });
});
