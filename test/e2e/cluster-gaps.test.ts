/** What people do at any hub of a site holds for the whole of it: three processes share a Redis, and one of them only works. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HubCluster } from '../harness/cluster.ts';
import { at, listAt } from '../harness/json.ts';
import { sourcePrograms } from '../harness/programs.ts';
import { runProgram } from '../harness/program.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3')) ?? (await requireTool('redis'));

/** The hubs with numbers 0 and 1 take in and do nothing else; number 2 does their work, and rolls objects once an hour. */
const rolesOf = (hub: number): readonly string[] => (hub === 2 ? ['work'] : ['intake']);

test(
  'a hub that only works does what the others took in, and what people ask of any of them',
  { skip, timeout: 120_000 },
  async () => {
    const scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await using cluster = await HubCluster.start({
      scratch,
      hubs: 3,
      agents: 2,
      redis: () => ({ url: server.url, partitions: 8 }),
      hub: (hub) => ({
        outputs: [{ kind: 'archive', folder: scratch.file('archive'), roll_interval: '1h' }],
        cluster: { roles: rolesOf(hub) },
        quotas: [{ tenant: 'default', bytes_per_day: 1_000_000, action: 'warn' }],
      }),
    });
    const [front, , worker] = cluster.hubs;
    assert.ok(front !== undefined && worker !== undefined);
    const status = await worker.status();
    assert.equal(at(status, 'state'), 'ready');
    assert.equal(at(status, 'listeners', 'agents'), undefined);
    assert.deepEqual(at(status, 'cluster', 'roles'), ['work']);
    await until("all partitions are the worker's", async () => (await cluster.partitionsOf(worker)).length === 8);
    assert.deepEqual(await cluster.partitionsOf(front), []);

    for (const [number, { host, logs }] of cluster.agents.entries()) {
      writeFileSync(join(logs, 'a.txt'), `line of ${number}\n`);
      await host.writeConfig();
      const startedMs = Date.now();
      const shipped = await host.run('ship', '--until', 'archived', '--config', host.configPath, join(logs, 'a.txt'));
      assert.equal(shipped.code, 0, `${shipped.stderr}\n${cluster.tail()}`);
      assert.ok(Date.now() - startedMs < 30_000, 'not after the roll interval');
    }
  },
);
