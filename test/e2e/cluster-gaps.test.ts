/**
 * What people ask of any hub holds for the whole site, and a hub may only work: of three processes over one Redis one takes in, the others
 * archive.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HubCluster } from '../harness/cluster.ts';
import { at, listAt } from '../harness/json.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('redis'));

async function startSite(scratch: Scratch, redis: string): Promise<HubCluster> {
  return await HubCluster.start({
    scratch,
    hubs: 3,
    agents: 2,
    redis: () => ({ url: redis, partitions: 8 }),
    hub: (hub) => ({
      // A request is what has objects written: nothing else would for an hour.
      outputs: [{ kind: 'archive', folder: scratch.file('archive'), roll_interval: '1h' }],
      cluster: { roles: hub === 0 ? ['intake'] : ['work'] },
    }),
  });
}

test('two hubs work for one that takes in; any of them tells of the whole site', { skip, timeout: 120_000 }, async () => {
  const scratch = await Scratch.make();
  await using server = await startRedis(scratch.path);
  await using cluster = await startSite(scratch, server.url);
  const [front, ...workers] = cluster.hubs;
  assert.ok(front !== undefined);
  const shares = async (): Promise<number[]> =>
    Promise.all(cluster.hubs.map(async (hub) => (await cluster.partitionsOf(hub)).length));
  await until('the workers share the partitions', async () => {
    const [none, ...some] = await shares();
    return none === 0 && some.every((share) => share > 0) && some.reduce((sum, share) => sum + share) === 8;
  });
  for (const worker of workers) {
    const status = await worker.status();
    assert.equal(at(status, 'state'), 'ready');
    assert.equal(at(status, 'listeners', 'agents'), undefined);
    assert.deepEqual(at(status, 'cluster', 'roles'), ['work']);
    assert.equal(listAt(at(status, 'cluster', 'members')).length, 3);
  }

  for (const [number, { host, logs }] of cluster.agents.entries()) {
    const path = join(logs, 'a.txt');
    writeFileSync(path, `line of ${number}\n`);
    await host.writeConfig();
    const shipped = await host.run('ship', '--until', 'archived', '--config', host.configPath, path);
    assert.equal(shipped.code, 0, `${shipped.stderr}\n${cluster.tail()}`);
  }

  const found = await front.search('--tenant', 'default', 'line of');
  assert.equal(found.code, 0, found.stderr);
  assert.deepEqual(found.stdout.trimEnd().split('\n').toSorted(), ['line of 0', 'line of 1']);
  assert.doesNotMatch(found.stderr, /audit trail|manifests/, 'the index is that of the site, and so is the trail');
  server.pause();
  const without = await front.search('--tenant', 'default', '--count', 'line of');
  server.resume();
  assert.deepEqual([without.code, without.stdout], [0, '2\n'], without.stderr);
  assert.match(without.stderr, /Redis cannot be asked for the index.*by the manifests/);
  assert.match(without.stderr, /not in the audit trail/);
});
