import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RedisCluster } from '../../../../test/harness/redis/redis-cluster.ts';
import { requireTool } from '../../../../test/harness/require.ts';
import { Scratch } from '../../../../test/harness/scratch.ts';
import { until } from '../../../../test/harness/until.ts';
import { keySlot } from './key-slot.ts';
import { partitionKeys, siteKeys } from './masters.ts';
import { replyText, testMasters, testPrefix } from './redis-fixture.ts';

const keyOf = (partition: number, name = 'a'): string => `${partitionKeys(testPrefix, partition)}${name}`;

suite('the masters of a Cluster', { skip: await requireTool('redis') }, () => {
  test('all masters hold data; slots move away, and while they do, every call is done once', async () => {
    await using scratch = await Scratch.make();
    await using cluster = await RedisCluster.start({ folder: scratch.path });
    const [seed = ''] = cluster.addresses;
    await using hub = await testMasters({ cluster: [seed] });
    const { masters } = hub;
    for (let partition = 0; partition < 8; partition += 1) {
      await masters.call(partition, { name: 'test_add', keys: [keyOf(partition)], args: ['a'] });
    }
    await masters.callSite({ name: 'test_add', keys: [`${siteKeys(testPrefix)}a`], args: ['s'] });
    const sizes = await Promise.all(cluster.masters.map((master) => master.command('DBSIZE')));
    assert.ok(
      sizes.every((size) => Number(size) > 0),
      `keys are on every master: ${sizes.join(' ')}`,
    );
    assert.equal(masters.memory().length, 3);

    const slot = keySlot(keyOf(3));
    const source = cluster.ownerOf(slot);
    assert.equal(await source.command('CLUSTER', 'KEYSLOT', keyOf(3)), String(slot));
    const target = cluster.masters.find((master) => master !== source);
    assert.ok(target !== undefined);
    const both = { name: 'test_add', keys: [keyOf(3), keyOf(3, 'count')], args: ['b'] };
    await masters.call(3, both);
    const changes: unknown[] = [];
    masters.onMasterChanged((partitions) => changes.push(partitions));
    await cluster.beginMigration(slot, source, target);
    // ASK: these keys are at the target only.
    await masters.call(3, { name: 'test_add', keys: [keyOf(3, 'new')], args: ['n'] });
    assert.equal(await cluster.moveKeys(slot, source, target, 1), 1);
    // TRYAGAIN: one key is here and one there, until all are.
    const split = masters.call(3, both);
    await cluster.moveKeys(slot, source, target);
    await split;
    await cluster.endMigration(slot, source, target);
    // MOVED.
    const reply = await masters.call(3, { name: 'test_add', keys: [keyOf(3)], args: ['c'] });
    assert.equal(replyText(reply), `[${await target.info('run_id')} abbc]`);
    assert.deepEqual(changes, [[3]]);
    assert.equal(
      replyText(await masters.call(3, { name: 'test_get', keys: [keyOf(3, 'new')], args: [] }, { write: false })),
      'n',
    );
    // What functions there were at the target were loaded when it was connected to; gone, they are loaded again.
    await target.command('FUNCTION', 'FLUSH');
    await masters.call(3, { name: 'test_add', keys: [keyOf(3)], args: ['d'] });
  });

  test('a killed master is left for its replica, and only its partitions are told of', async () => {
    await using scratch = await Scratch.make();
    await using cluster = await RedisCluster.start({ folder: scratch.path, isReplicated: true });
    await using hub = await testMasters({ cluster: [...cluster.addresses] });
    const { masters } = hub;
    const call = (partition: number): Promise<unknown> =>
      masters.call(partition, { name: 'test_add', keys: [keyOf(partition)], args: ['a'] });
    for (let partition = 0; partition < 8; partition += 1) await call(partition);
    const changed = new Set<number>();
    masters.onMasterChanged((partitions) => {
      for (const partition of partitions === 'all' ? [0, 1, 2, 3, 4, 5, 6, 7] : partitions) changed.add(partition);
    });
    const killed = cluster.ownerOf(keySlot(keyOf(3)));
    await killed.kill();
    const isDone = (partition: number): Promise<boolean> =>
      call(partition).then(
        () => true,
        () => false,
      );
    await until('its replica takes over', () => isDone(3), { deadlineMs: 120_000 });
    const expected = [0, 1, 2, 3, 4, 5, 6, 7].filter((partition) => cluster.ownerOf(keySlot(keyOf(partition))) === killed);
    assert.deepEqual(
      [...changed].toSorted((one, other) => one - other),
      expected,
    );
  });
});
