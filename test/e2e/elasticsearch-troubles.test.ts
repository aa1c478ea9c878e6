/** What troubles of a real Elasticsearch do to the documents for it: nothing is lost, and nobody but them waits. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ElasticsearchCluster } from '../harness/elasticsearch/elasticsearch-cluster.ts';
import type { ElasticsearchServer } from '../harness/elasticsearch/elasticsearch-server.ts';
import { IndexingHub } from '../harness/elasticsearch/indexing-hub.ts';
import type { ElasticsearchTls } from '../harness/elasticsearch/server-files.ts';
import { at, textAt } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { TestAuthority } from '../harness/test-authority.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('elasticsearch')) ?? (await requireTool('python3'));
const types = ['full', 'large', 'storm', 'shards', 'keys', 'gone'];
const tenant = 'troubled';
const password = 'a b:c';
/** What the server takes is less than what the hub would send at once. */
const settings = { 'http.max_content_length': '1mb', 'indexing_pressure.memory.limit': '2mb' };
const hourMs = 3_600_000;

// One cluster for all of it, in an order in which each leaves the next what it needs, as its start takes half a minute of a core.
suite('troubles of Elasticsearch', { skip, timeout: 900_000 }, () => {
  const owned = new AsyncDisposableStack();
  let cluster: ElasticsearchCluster;
  let server: ElasticsearchServer;
  let site: IndexingHub;
  let authority: TestAuthority;
  let access: Readonly<Record<string, unknown>>;

  async function certificate(untilMs?: number): Promise<ElasticsearchTls> {
    const hosts = ['127.0.0.1'];
    const times = untilMs === undefined ? {} : { fromMs: -2 * hourMs, untilMs };
    return { ...(await authority.issue({ hosts, usage: 'server', ...times })), authority: authority.cert };
  }

  /** Numbered, so that one that is missing shows. */
  function documents(type: string, count: number, text = ''): object[] {
    return Array.from({ length: count }, (_, number) => ({ message: `${type} ${number}`, app: { text } }));
  }

  async function mustBeThere(type: string, count: number): Promise<void> {
    await site.untilCount(type, count);
    const found = await site.documents(type);
    assert.equal(new Set(found.map(({ source }) => at(source, 'message'))).size, count);
    assert.equal(found.length, count);
    assert.deepEqual(await site.refused(type), []);
  }

  before(async () => {
    const scratch = owned.use(await Scratch.make());
    authority = await TestAuthority.make();
    const users = [{ name: 'shipper', password, roles: ['superuser'] }];
    const tls = await certificate();
    cluster = owned.use(await ElasticsearchCluster.start({ nodes: 2, folder: scratch.file('cluster'), users, tls, settings }));
    server = cluster.node(0);
    access = { urls: cluster.urls, username: 'shipper', password, ca: server.authorityFile };
    site = owned.use(await IndexingHub.start({ server, tenant, types, output: access }));
  });

  after(async () => {
    await owned.disposeAsync();
  });

  test('the disk is at its flood stage: what is for it waits until there is room', async () => {
    await site.push('full', documents('full', 10));
    await site.untilCount('full', 10);
    const disk = async (watermark: string | null): Promise<unknown> =>
      await server.ask('PUT', '/_cluster/settings', {
        persistent: {
          'cluster.info.update.interval': watermark === null ? null : '10s',
          'cluster.routing.allocation.disk.threshold_enabled': watermark !== null,
          'cluster.routing.allocation.disk.watermark.low': watermark,
          'cluster.routing.allocation.disk.watermark.high': watermark,
          'cluster.routing.allocation.disk.watermark.flood_stage': watermark,
          'cluster.routing.allocation.disk.watermark.flood_stage.max_headroom': null,
        },
      });
    const block = 'index.blocks.read_only_allow_delete';
    const isBlocked = async (): Promise<boolean> =>
      JSON.stringify(await server.ask('GET', `/${site.name('full')}/_settings/${block}?flat_settings=true`)).includes('"true"');
    await disk('1000tb');
    await until('the index is blocked by the server', isBlocked, { deadlineMs: 120_000, everyMs: 200 });
    const tried = await site.figure('again');
    await site.push('full', documents('full', 30).slice(10));
    await site.untilFigure('again', tried + 40);
    assert.equal(await site.count('full'), 10);
    await disk(null);
    // The server would do it itself within a minute.
    await server.ask('PUT', `/${site.name('full')}/_settings`, { [block]: null });
    await mustBeThere('full', 30);
  });

  test('requests that are too large are made smaller; a document that is alone too large is a dead letter', async () => {
    const large = documents('large', 60, 'y'.repeat(30_000));
    await site.push('large', large.slice(0, 30));
    await site.push('large', [{ message: 'alone', app: { text: 'z '.repeat(700_000) } }]);
    await site.push('large', large.slice(30));
    await site.untilCount('large', 60);
    const refused = await site.untilRefused('large', 1);
    assert.deepEqual([refused.count, refused.error], [1, 'content_too_large']);
    assert.match(refused.reason, /413/);
    assert.equal((await site.documents('large')).length, 60);
  });

  test('a server that refuses with 429 gets less at once, until all is there', async () => {
    const storm = documents('storm', 3000, 'w'.repeat(500));
    for (let from = 0; from < storm.length; from += 1000) await site.push('storm', storm.slice(from, from + 1000));
    await mustBeThere('storm', 3000);
    const stats = await Promise.all(cluster.nodes.map((node) => node.ask('GET', '/_nodes/stats/indexing_pressure')));
    assert.match(JSON.stringify(stats), /"coordinating_rejections":[1-9]|"primary_rejections":[1-9]/, 'the server refused some');
  });

  test('a cluster with its maximum of shards: what needs a new index waits, others do not, and health says what to do', async () => {
    const shards = async (perNode: number | null): Promise<unknown> =>
      await server.ask('PUT', '/_cluster/settings', { persistent: { 'cluster.max_shards_per_node': perNode } });
    await shards(1);
    await site.push('shards', documents('shards', 10));
    assert.match(
      await site.untilFound('elasticsearch-shards'),
      /has as many shards as it may have.*cluster\.max_shards_per_node/,
    );
    await site.push('full', documents('full', 40).slice(30));
    await site.untilCount('full', 40);
    assert.deepEqual(await site.refused('shards'), []);
    await shards(null);
    await mustBeThere('shards', 10);
    await until('it is found no more', async () => !(await site.isFound('elasticsearch-shards')));
  });

  test('a wrong password, and a key that may not write there: what is for it waits, and health says why', async () => {
    await site.configure({ ...access, password: 'guessed' });
    await site.push('keys', documents('keys', 20));
    assert.match(await site.untilFound('elasticsearch-setup'), /does not know these credentials/);
    assert.equal(await site.count('keys'), 0);
    const role = { cluster: ['monitor'], indices: [{ names: ['other-*'], privileges: ['all'] }] };
    const key = await server.ask('POST', '/_security/api_key', { name: 'reader', role_descriptors: { reader: role } });
    const { urls, ca } = access;
    await site.configure({ urls, ca, api_key: textAt(key, 'encoded'), setup: false });
    assert.match(await site.untilFound('elasticsearch-refuses'), /403|security_exception/);
    assert.equal(await site.count('keys'), 0);
    // With the privileges that docs/operating/elasticsearch.md lists, and no more.
    const privileges = ['create_doc', 'auto_configure', 'view_index_metadata', 'read'];
    const names = ['logs-*', 'metrics-*', 'platform-*'];
    const least = { cluster: ['monitor', 'manage_index_templates'], indices: [{ names, privileges }] };
    const own = await server.ask('POST', '/_security/api_key', { name: 'hub', role_descriptors: { hub: least } });
    await site.configure({ urls, ca, api_key: textAt(own, 'encoded') });
    await mustBeThere('keys', 20);
    assert.deepEqual([await site.isFound('elasticsearch-refuses'), await site.isFound('elasticsearch-setup')], [false, false]);
    await site.configure(access);
  });

  test('an expired certificate: nothing is sent, and all is there once it is renewed', async () => {
    for (const node of cluster.nodes) await node.replaceTls(await certificate(-hourMs));
    // Connections that are open live on: a hub that starts has none.
    await site.hub.program.stop();
    await until('the server has the new one', async () => await isExpired(server), { deadlineMs: 120_000, everyMs: 200 });
    await site.hub.start();
    await site.push('keys', documents('keys', 50).slice(20));
    assert.match(await site.untilFound('elasticsearch-away'), /cannot be reached \(.*expired/i);
    for (const node of cluster.nodes) await node.replaceTls(await certificate());
    await until('the server has the next one', async () => !(await isExpired(server)), { deadlineMs: 120_000, everyMs: 200 });
    await mustBeThere('keys', 50);
  });

  test('a node is gone: the one that it told of has it all', async () => {
    const requests = async (): Promise<number> => {
      const stats = await server.ask('GET', '/_nodes/node-1/stats/http');
      const [node] = Object.values(Object(at(stats, 'nodes')));
      return Number(at(node, 'http', 'routes', '/_bulk', 'requests', 'count') ?? 0);
    };
    await site.configure({ ...access, urls: [cluster.node(1).url], sniff: true });
    const atFirst = await requests();
    const isKnown = async (): Promise<boolean> => {
      await site.push('keys', [{ message: 'for whom it is told of' }]);
      return (await requests()) > atFirst;
    };
    await until('requests go to the node that was not named', isKnown, { deadlineMs: 120_000, everyMs: 200 });
    await site.push('gone', documents('gone', 20));
    await site.untilCount('gone', 20);
    await cluster.untilWhole();
    await until(
      'each shard has its copy',
      async () => {
        const health = await server.ask('GET', '/_cluster/health');
        return at(health, 'status') === 'green';
      },
      { deadlineMs: 120_000, everyMs: 200 },
    );
    await cluster.node(1).kill();
    await site.push('gone', documents('gone', 60).slice(20));
    await mustBeThere('gone', 60);
  });
});

async function isExpired(server: ElasticsearchServer): Promise<boolean> {
  try {
    await server.request('GET', '/');
    return false;
  } catch (error) {
    return String(error).includes('expired');
  }
}
