/**
 * A region and its standby above an edge site of two hubs over one Redis: each hub judges the region by its own connection and forwards the
 * partitions that it works on. One of them is cut off from the region while the other one is not, then the region dies, then a hub of the
 * edge; each line is at the centre once.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { HubCluster } from '../harness/cluster.ts';
import { enrolBelow } from '../harness/enrol-below.ts';
import { FaultyProxy } from '../harness/faulty-proxy.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3')) ?? (await requireTool('redis'));
const archive = { kind: 'archive', roll_interval: '300ms' };
const agentsCount = 4;
/** More than the hubs' own events: the records that a hub forwards are those of agents, too. */
const eventsMax = 40;

/** A hub's own link to the region: there unless it is cut. */
class Link {
  isCut = false;
  readonly #upper: HubHost;
  #proxy: FaultyProxy | undefined;

  constructor(upper: HubHost) {
    this.#upper = upper;
  }

  async open(): Promise<FaultyProxy> {
    const target = (): { host: string; port: number } | undefined =>
      this.isCut ? undefined : { host: '127.0.0.1', port: this.#upper.port };
    this.#proxy = await FaultyProxy.start({ tls: true, target, plan: () => ({ toHub: {}, toAgent: {} }) });
    return this.#proxy;
  }

  cut(): void {
    this.isCut = true;
    this.#proxy?.dropAll();
  }
}

/** Makes all hubs of the edge site hubs below `upper`, by one token for that site. */
async function enrolAll(hubs: readonly HubHost[], upper: HubHost, output: string): Promise<void> {
  const [first] = hubs;
  const siteId = textAt(await first?.status(), 'site', 'siteId');
  const its = ['--site', siteId, '--uses', String(hubs.length), '--address', `127.0.0.1:${upper.port}`];
  const token = await upper.createToken('--hub', '--tenant', '*', ...its);
  for (const hub of hubs) {
    const { code, stdout, stderr } = await hub.run('enroll', '--config', hub.configPath, '--output', output, token);
    assert.equal(code, 0, stdout + stderr);
  }
}

/** Records that this hub sent to the region. */
async function forwardedBy(hub: HubHost): Promise<number> {
  const region = listAt(at(await hub.status(), 'outputs')).find((one) => textAt(one, 'name') === 'region_a');
  return Number(at(region, 'counts', 'records'));
}

/** Which upstream the standby of this hub is quiet for. */
async function quietFor(hub: HubHost): Promise<unknown> {
  const standby = listAt(at(await hub.status(), 'outputs')).find((one) => textAt(one, 'name') === 'region_b');
  return at(standby, 'quietFor');
}

test('each hub of an edge site chooses the region or its standby by itself', { skip, timeout: 600_000 }, async () => {
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const redis = owned.use(await startRedis(scratch.path));
  const upper = (name: string): HubHost =>
    owned.use(new HubHost({ programs, scratch, name, tls: true, config: { outputs: [archive] } }));
  const [centre, a, b] = [upper('centre'), upper('a'), upper('b')];
  const store = { url: redis.url, partitions: 8 };
  const agent = { batch: { flush_interval: '20ms' } };
  const starting = HubCluster.start({
    scratch,
    hubs: 2,
    agents: agentsCount,
    redis: () => ({ url: redis.url, partitions: 8 }),
    agent,
  });
  const [edge] = await Promise.all([starting, ...[centre, a, b].map((one) => one.start())]);
  owned.use(edge);
  await enrolAll(edge.hubs, a, 'region_a');
  await enrolAll(edge.hubs, b, 'region_b');
  await Promise.all([enrolBelow(a, centre, centre.port, 'centre'), enrolBelow(b, centre, centre.port, 'centre')]);
  for (const region of [a, b]) {
    await region.configure({ outputs: [archive, { kind: 'upstream', name: 'centre', hubs: [centre.url] }] });
    process.kill(region.program.pid, 'SIGHUP');
  }
  const links = edge.hubs.map(() => new Link(a));
  for (const [number, hub] of edge.hubs.entries()) {
    const { port } = owned.use(await (links[number] ?? new Link(a)).open());
    const ways = [
      { kind: 'upstream', name: 'region_a', hubs: [`wss://127.0.0.1:${port}`] },
      { kind: 'upstream', name: 'region_b', hubs: [b.url], standby_for: 'region_a', after: '3s' },
    ];
    await hub.configure({ queue: { redis: store }, outputs: [{ ...archive, folder: edge.archive }, ...ways] });
    process.kill(hub.program.pid, 'SIGHUP');
  }
  let line = 0;
  const write = (): void => {
    for (const { logs } of edge.agents) appendFileSync(join(logs, 'app.log'), `line ${(line += 1)} of a service at the edge\n`);
  };
  const written = (): readonly string[] =>
    edge.agents.flatMap(({ logs }) => readFileSync(join(logs, 'app.log'), 'utf8').trimEnd().split('\n'));
  const detail = (): string => [...[centre, a, b].map((one) => one.program.tail()), edge.tail()].join('\n');
  const wait = { deadlineMs: 120_000, everyMs: 100, detail };
  const goesUpBy = async (site: HubHost, bytes = 500): Promise<void> => {
    const before = await archivedRawBytes(site.archive);
    const comes = async (): Promise<boolean> => {
      write();
      return (await archivedRawBytes(site.archive)) > before + bytes;
    };
    await until(`lines go up by ${site.dataDir}`, comes, wait);
  };
  for (const hub of edge.hubs) await until('the standby is quiet', async () => (await quietFor(hub)) === 'region_a', wait);
  write();
  await Promise.all(edge.agents.map(({ host }) => host.start()));
  await goesUpBy(a, 10_000);
  assert.equal(await archivedRawBytes(b.archive), 0, 'the standby is quiet');
  // Where the agents' partitions lie is drawn anew each time: the hub that forwards more is the one to be cut off.
  const shares = await Promise.all(edge.hubs.map((hub) => forwardedBy(hub)));
  const more = (shares[0] ?? 0) >= (shares[1] ?? 0) ? 0 : 1;
  const [first, second, link] = [edge.hubs[more], edge.hubs[1 - more], links[more]];
  assert.ok(first !== undefined && second !== undefined && link !== undefined);

  // One hub of the edge cannot reach the region: its partitions go by the standby, those of the other hub do not.
  link.cut();
  await goesUpBy(b);
  if ((shares[1 - more] ?? 0) > eventsMax) await goesUpBy(a);
  // On a slow machine it may have got no answer for a while.
  await until('the other hub goes by the region', async () => (await quietFor(second)) === 'region_a', wait);
  link.isCut = false;
  await until('it goes by the region again', async () => (await quietFor(first)) === 'region_a', wait);
  // The region dies: all of it goes by the standby, also what a hub of the edge was working on when it died.
  await a.program.kill();
  await goesUpBy(b);
  await first.program.kill();
  await goesUpBy(b);
  await Promise.all([a.start(), first.start()]);
  for (const hub of edge.hubs) await until('the region is sent to', async () => (await quietFor(hub)) === 'region_a', wait);
  await goesUpBy(a);

  const bytes = written().reduce((sum, text) => sum + text.length + 1, 0);
  await until('all is at the centre', async () => (await archivedRawBytes(centre.archive)) >= bytes, wait);
  const atCentre = (await readArchive(centre.archive)).filter(({ channel }) => channel === 'default/app');
  const lines = atCentre.flatMap(({ raw }) => raw.toString().trimEnd().split('\n'));
  assert.deepEqual(lines.toSorted(), written().toSorted());
});
