/**
 * Two hubs over one real Redis, each working on a part of the partitions: whichever of them is asked, it finds what came in at the other, was
 * processed or archived there, and shows it as it comes. A search goes on at the other hub, and is in the trail of the site once.
 */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HubCluster } from '../harness/cluster.ts';
import { listAt, textAt } from '../harness/json.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { SearchApi, tailedRecords } from '../harness/search-api.ts';
import { until } from '../harness/until.ts';

const agents = 6;

test('what came in at one hub of a cluster is found and shown by the other', { skip: await requireTool('redis') }, async () => {
  const scratch = await Scratch.make();
  await using server = await startRedis(scratch.path);
  await using cluster = await HubCluster.start({
    scratch,
    hubs: 2,
    agents,
    redis: () => ({ url: server.url, partitions: 16 }),
    hub: {
      listeners: { agents: { address: '127.0.0.1:0' }, http: { address: '127.0.0.1:0' } },
      // Nothing is archived but what is asked for.
      outputs: [{ kind: 'archive', folder: await scratch.folder('archive'), roll_interval: '30m' }],
    },
    agent: { batch: { flush_interval: '20ms' } },
  });
  const [one, other] = cluster.hubs;
  assert.ok(one !== undefined && other !== undefined);
  const detail = (): string => cluster.tail();
  const shares = async (): Promise<boolean> => {
    const counts = await Promise.all([one, other].map(async (hub) => (await cluster.partitionsOf(hub)).length));
    return counts.every((count) => count > 0) && counts[0] !== undefined && counts[0] + (counts[1] ?? 0) === 16;
  };
  await until('both hubs work', shares, { detail });

  const first = cluster.agents[0];
  assert.ok(first !== undefined);
  const old = join(first.logs, 'old.txt');
  writeFileSync(old, Array.from({ length: 10 }, (_, index) => `old line ${index}\n`).join(''));
  await first.host.writeConfig();
  const shipped = await first.host.run('ship', '--config', first.host.configPath, '--until', 'archived', old);
  assert.equal(shipped.code, 0, shipped.stderr);

  const atOne = await SearchApi.of(one, 'default');
  const apis = [atOne, await until('the other hub knows the token', () => knownAt(atOne, other), { detail })];
  const cut = new AbortController();
  const tails = await Promise.all(apis.map((api) => api.fetch('/api/v1/tail?text=new', cut.signal)));
  const seen = Promise.all(tails.map((tail) => tailedRecords(tail, agents)));
  await Promise.all(cluster.agents.map(({ host }) => host.start()));
  cluster.agents.forEach(({ logs }, index) => appendFileSync(join(logs, 'app.log'), `new line of agent ${index}\n`));
  const wanted = cluster.agents.map((_, index) => `new line of agent ${index}`);
  for (const records of await seen) assert.deepEqual(records.map((record) => textAt(record, 'line')).toSorted(), wanted);
  cut.abort();

  for (const [index, api] of apis.entries()) {
    const lines = (query: string): Promise<string[]> => api.lines(`limit=100&${query}`);
    await until(`hub ${index} finds what waits for the archive`, async () => (await lines('text=new')).length === agents, {
      detail,
    });
    assert.deepEqual((await lines('text=new')).toSorted(), wanted);
    assert.equal((await lines('query=old')).length, 10);
  }
  const [, atOther] = apis;
  assert.ok(atOther !== undefined);
  const page = await atOne.get('/api/v1/search?text=line&limit=9');
  const rest = await atOther.lines(`text=line&limit=100&after=${textAt(page, 'next')}`);
  const both = [...listAt(page, 'records').map((record) => textAt(record, 'line')), ...rest];
  assert.equal(new Set(both).size, both.length);
  assert.equal(both.length, 10 + agents);
  await atOther.lines('text=the%20last%20search');
  const platform = await SearchApi.of(one, '*');
  const audited = async (pattern: string): Promise<number> =>
    (await platform.lines(`type=platform&query=tributary.audit.pattern%3A${pattern}%20event.action%3Aarchive-searched`)).length;
  await until('the trail is told so far', async () => (await audited('%22the%20last%20search%22')) > 0, { detail });
  assert.equal(await audited('line'), 1);
});

async function knownAt(api: SearchApi, hub: HubCluster['hubs'][number]): Promise<SearchApi | false> {
  const there = await api.at(hub);
  return (await there.fetch('/api/v1/whoami')).status === 200 && there;
}
