/**
 * What people ask of any hub holds for the whole site, and a hub may only work: of three processes over one Redis one takes in, the others
 * archive. What is done by hand at one of them is done at all.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HubCluster } from '../harness/cluster.ts';
import type { HubHost } from '../harness/hub-host.ts';
import { at, listAt, parseJson } from '../harness/json.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { getOverUnixSocket } from '../harness/unix-status.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('redis'));
/** Nobody is there: what is for it waits. */
const centre = { kind: 'upstream', name: 'centre', hubs: ['ws://127.0.0.1:9'] };

/** A line of an agent, in a file of its own. */
async function ship(cluster: HubCluster, number: number, line: string, ...args: readonly string[]): Promise<void> {
  const { host, logs } = cluster.agents[number] ?? assert.fail();
  const path = join(logs, `${line}.txt`);
  writeFileSync(path, `${line}\n`);
  await host.writeConfig();
  const shipped = await host.run('ship', ...args, '--config', host.configPath, path);
  assert.equal(shipped.code, 0, `${shipped.stderr}\n${cluster.tail()}`);
}

interface Site {
  readonly cluster: HubCluster;
  /** Has each hub read its configuration again, with these outputs beside the archive. */
  readonly configure: (hub: number, outputs: readonly unknown[], rollInterval: string) => Promise<void>;
}

async function startSite(scratch: Scratch, redis: string): Promise<Site> {
  const store = { url: redis, partitions: 8 };
  const options = (hub: number, outputs: readonly unknown[], rollInterval: string): Record<string, unknown> => ({
    outputs: [{ kind: 'archive', folder: scratch.file('archive'), roll_interval: rollInterval }, ...outputs],
    cluster: { roles: hub === 0 ? ['intake'] : ['work'] },
  });
  const cluster = await HubCluster.start({
    scratch,
    hubs: 3,
    agents: 2,
    redis: () => store,
    // A request is what has objects written: nothing else would for an hour.
    hub: (hub) => options(hub, [centre], '1h'),
  });
  const configure: Site['configure'] = async (number, outputs, rollInterval) => {
    const hub = cluster.hubs[number] ?? assert.fail();
    const before = at(await hub.status(), 'configuration', 'readMs');
    await hub.configure({ ...options(number, outputs, rollInterval), queue: { redis: store } });
    hub.program.signal('SIGHUP');
    await until('it is read again', async () => at(await hub.status(), 'configuration', 'readMs') !== before);
  };
  return { cluster, configure };
}

test('two hubs work for one that takes in; any of them tells of the whole site', { skip, timeout: 600_000 }, async () => {
  const scratch = await Scratch.make();
  await using server = await startRedis(scratch.path);
  const site = await startSite(scratch, server.url);
  await using cluster = site.cluster;
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

  for (const number of cluster.agents.keys()) await ship(cluster, number, `line of ${number}`, '--until', 'archived');

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
  await isMovedByHand(cluster);
  await isForgotten(site);
});

async function command(hub: HubHost, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await hub.run(...args, '--config', hub.configPath);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** What the hub's socket tells commands: as true, and sooner than they. */
async function told(hub: HubHost, path: string): Promise<unknown> {
  return await getOverUnixSocket(`${hub.runDir}/hub.sock`, path);
}

/** Each step is done at another hub than the one before. */
async function isMovedByHand(cluster: HubCluster): Promise<void> {
  const [front, one, other] = cluster.hubs;
  assert.ok(front !== undefined && one !== undefined && other !== undefined);
  assert.match(await command(front, 'channel', 'pause', 'default/app', '--group', 'pipeline'), /pipeline paused, at all hubs/);
  await ship(cluster, 0, 'is skipped');
  for (const hub of [one, other]) {
    await until('each hub has found it', async () => {
      const found = listAt(await hub.status(), 'findings').find((finding) => at(finding, 'kind') === 'channel-paused');
      return /default\/app: group pipeline is paused by console:\S+ since/.test(String(at(found, 'reason')));
    });
  }
  assert.match(await command(one, 'channel', 'list', 'default/app'), /pipeline .* 1 +1 .*PAUSED\n/);
  assert.match(await command(other, 'channel', 'skip', 'default/app', '--group', 'pipeline'), /1 entry is a dead letter/);
  await command(one, 'channel', 'resume', 'default/app', '--group', 'pipeline');
  await ship(cluster, 0, 'comes after', '--until', 'archived');
  const { stdout } = await front.search('--tenant', 'default', '--type', 'app', '--regex', 'comes after|is skipped');
  assert.equal(stdout, 'comes after\n');

  const waiting = async (hub: HubHost): Promise<unknown> => {
    const app = listAt(await told(hub, '/channels'), 'channels').find((channel) => at(channel, 'channel') === 'default/app');
    return at(
      listAt(app, 'groups').find((group) => at(group, 'group') === 'upstream:centre'),
      'records',
    );
  };
  const seek = ['channel', 'seek', 'default/app', '--group', 'upstream:centre', '--to'];
  // Both agents may be in one partition, or in two.
  const skipped = [...(await command(other, ...seek, 'latest', '--yes')).matchAll(/(\d+) records? skipped/g)];
  assert.equal(
    skipped.reduce((sum, [, records]) => sum + Number(records), 0),
    4,
  );
  assert.equal(await waiting(front), 0);
  assert.match(await command(one, ...seek, 'earliest'), /was behind entry \d and is behind 0 now\n/);
  assert.equal(await waiting(front), 4);
}

/** An output is forgotten once no hub has it any more; the trail of the site tells of that, and of all that was done before. */
async function isForgotten({ cluster, configure }: Site): Promise<void> {
  const [front, one, other] = cluster.hubs;
  assert.ok(front !== undefined && one !== undefined && other !== undefined);
  await configure(0, [], '1h');
  const early = await front.run('output', 'forget', 'centre', '--config', front.configPath);
  assert.deepEqual([early.code, /output list shows/.test(early.stderr)], [1, true], early.stderr);
  await configure(1, [], '200ms');
  await configure(2, [], '200ms');
  await until('no hub has it', async () => listAt(await told(front, '/outputs'), 'removed').length === 1);
  assert.match(await command(front, 'output', 'list'), /centre +upstream +upstream:centre +REMOVED +keeps \d+ entries/);
  await command(one, 'output', 'forget', 'centre');
  assert.deepEqual(at(await told(other, '/outputs'), 'removed'), []);
  const trail = await until(
    'all of it is in the audit trail',
    async () => {
      const { stdout } = await front.search('--json', '--type', 'platform', '--regex', '"(channel|output)-');
      const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [parseJson(String(at(parseJson(line), 'raw')))]));
      const audited = events.filter((event) => at(event, 'tributary', 'audit') !== undefined);
      return (
        audited.length >= 6 && audited.map((event) => [at(event, 'event', 'action'), at(event, 'event', 'outcome')].join(' '))
      );
    },
    { everyMs: 300 },
  );
  assert.deepEqual(trail.toSorted(), [
    'channel-paused success',
    'channel-resumed success',
    'channel-skipped success',
    'channel-sought success',
    'channel-sought success',
    'output-forgotten success',
  ]);
}
