/** Platform events into a real Elasticsearch: each kind in its own index, none refused, and the hub's own by a way past the topic. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { platformFixtures } from '../../hub/platform/dispatch/fixtures.ts';
import { CutProxy } from '../harness/cut-proxy.ts';
import type { RawElasticsearch } from '../harness/elasticsearch/raw-elasticsearch.ts';
import { sharedElasticsearch } from '../harness/elasticsearch/shared-elasticsearch.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, numberAt, textAt } from '../harness/json.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('elasticsearch');

suite('platform events in Elasticsearch', { skip, timeout: 900_000 }, () => {
  const tenant = `platform_${randomBytes(4).toString('hex')}`;
  const owned = new AsyncDisposableStack();
  let server: RawElasticsearch;
  let proxy: CutProxy;
  let hub: HubHost;

  before(async () => {
    server = await sharedElasticsearch();
    const { hostname: host, port } = new URL(server.url);
    proxy = owned.use(await CutProxy.start({ host, port: Number(port) }));
    const scratch = owned.use(await Scratch.make());
    const listener = { address: '127.0.0.1:0', plaintext: true, tenant, type: 'platform', allow_cidr: ['127.0.0.0/8'] };
    const config = {
      platform_tenant: tenant,
      platform_reporter: 'direct',
      listeners: { push: [listener] },
      outputs: [{ kind: 'elasticsearch', urls: [proxy.url], tenants: [tenant], bulk_wait: '20ms', platform_names: 'beats' }],
    };
    hub = owned.use(new HubHost({ programs: testPrograms, scratch, config }));
    await hub.start();
  });

  after(async () => {
    await owned.disposeAsync();
  });

  const detail = (): string => hub.program.tail();

  async function push(lines: readonly string[]): Promise<void> {
    const address = textAt(await hub.status(), 'listeners', 'push', 0, 'address');
    const body = lines.map((line) => `${line}\n`).join('');
    const response = await fetch(`http://${address}/api/v1/logs?host=tests`, { method: 'POST', body });
    assert.equal(response.status, 200, await response.text());
  }

  /** Documents of an index that a query finds. */
  async function find(index: string, query: object): Promise<readonly unknown[]> {
    await server.request('POST', `/${index}/_refresh`);
    const { status, body } = await server.request('POST', `/${index}/_search`, { size: 1000, query });
    return status === 200 ? listAt(body, 'hits', 'hits') : [];
  }

  test('what agents, hubs, Beats and jobs tell is in indices of its kind, and none of it is refused', async () => {
    await push([...platformFixtures.map(({ document }) => JSON.stringify(document)), 'no json']);
    // All metrics are together under this name, so that those of any two sets would be seen to conflict.
    const expectedIn = new Map([['platform-unreadable-acme', 1]]);
    for (const { name, beatsName = name } of platformFixtures) expectedIn.set(beatsName, (expectedIn.get(beatsName) ?? 0) + 1);
    for (const [name, expected] of expectedIn) {
      const index = name.replace(/acme$/, tenant);
      // The hub's own are there, too.
      const isTheirs = { bool: { must_not: { term: { 'agent.id': textAt(await hub.status(), 'site', 'hubId') } } } };
      const look = async (): Promise<boolean> => (await find(index, isTheirs)).length === expected;
      await until(`${expected} documents are in ${index}`, look, { deadlineMs: 120_000, detail });
    }
    const counts = at(await hub.status(), 'outputs', 0, 'counts');
    assert.equal(numberAt(counts, 'refused'), 0);
    assert.equal(numberAt(counts, 'unreadable'), 1);
    assert.ok(numberAt(counts, 'dispatched') > platformFixtures.length);
  });

  test("the hub's own events are written straight, under the id that they name", async () => {
    const look = async (): Promise<unknown> => {
      // What the dispatcher measures goes this way, too, and is a state without an id of its own.
      const isDirect = { term: { 'tributary.record.direct': true } };
      const isFinding = { term: { 'event.action': 'finding-raised' } };
      const [hit] = await find(`platform-health-${tenant}`, { bool: { filter: [isDirect, isFinding] } });
      return hit;
    };
    const hit = await until('a finding is written', look, { detail });
    assert.equal(textAt(hit, '_id'), textAt(hit, '_source', 'event', 'id'));
    // One whose answer was late is there, and goes by the topic again under the same id.
    const reporter = at(await hub.status(), 'events', 'reporter');
    assert.ok(numberAt(reporter, 'direct') + numberAt(reporter, 'byTopic') > 0);
  });

  test('while Elasticsearch is away they go by the topic, and each is there once afterwards', async () => {
    const isAway = (status: unknown): boolean =>
      listAt(status, 'findings').some((one) => at(one, 'kind') === 'elasticsearch-away');
    // On a busy machine it answered late perhaps. A trouble that comes back within a minute was not gone, and is not told again.
    const told = (event: string): number => {
      const lines = hub.program.stderr.split('\n').filter((line) => line.includes('"finding":"elasticsearch-away"'));
      return lines.filter((line) => line.includes(`"event":"finding-${event}"`)).length;
    };
    const isOver = async (): Promise<boolean> => !isAway(await hub.status()) && told('raised') === told('cleared');
    await until('nothing is said of it', isOver, { deadlineMs: 240_000, detail });
    proxy.isCut = true;
    proxy.dropAll();
    await push(['{"event":{"kind":"state"},"service":{"name":"shop"}}']);
    const byTopic = async (): Promise<boolean> => {
      const status = await hub.status();
      return isAway(status) && numberAt(status, 'events', 'reporter', 'byTopic') > 0;
    };
    await until('the finding goes by the topic', byTopic, { detail });
    proxy.isCut = false;
    const query = { match_phrase: { message: 'cannot be reached' } };
    const look = (): Promise<readonly unknown[]> => find(`platform-health-${tenant}`, query);
    await until('it is there', async () => (await look()).length > 0, { deadlineMs: 120_000, detail });
    const hits = await find(`platform-health-${tenant}`, { exists: { field: 'event.id' } });
    const ids = hits.map((hit) => textAt(hit, '_source', 'event', 'id'));
    assert.equal(new Set(ids).size, ids.length);
    for (const hit of hits) assert.equal(textAt(hit, '_id'), textAt(hit, '_source', 'event', 'id'));
  });
});
