/** Lines through a hub into a real Elasticsearch: each there once under its id, whatever is killed, rolled over or away in between. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { CutProxy } from '../harness/cut-proxy.ts';
import { IndexingHub } from '../harness/elasticsearch/indexing-hub.ts';
import type { RawElasticsearch } from '../harness/elasticsearch/raw-elasticsearch.ts';
import { sharedElasticsearch } from '../harness/elasticsearch/shared-elasticsearch.ts';
import { at, textAt } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('elasticsearch')) ?? (await requireTool('python3'));
const type = 'orders';
const perRound = 500;

suite('documents in Elasticsearch', { skip, timeout: 900_000 }, () => {
  const tenant = `indexed_${randomBytes(4).toString('hex')}`;
  const owned = new AsyncDisposableStack();
  let server: RawElasticsearch;
  let proxy: CutProxy;
  let site: IndexingHub;
  let pushed = 0;

  before(async () => {
    server = await sharedElasticsearch();
    const { hostname: host, port } = new URL(server.url);
    proxy = owned.use(await CutProxy.start({ host, port: Number(port) }));
    const output = { urls: [proxy.url] };
    site = owned.use(await IndexingHub.start({ server, tenant, types: [type], output }));
  });

  after(async () => {
    await owned.disposeAsync();
  });

  async function push(): Promise<void> {
    await site.push(
      type,
      Array.from({ length: perRound }, (_, index) => ({ number: pushed + index, message: `order ${pushed + index}` })),
    );
    pushed += perRound;
  }

  async function assertOnce(): Promise<void> {
    await site.untilCount(type, pushed);
    const found = await site.documents(type);
    const numbers = found.map(({ source }) => Number(at(source, 'number'))).toSorted((one, other) => one - other);
    assert.deepEqual(
      numbers,
      Array.from({ length: pushed }, (_, number) => number),
    );
    assert.equal(new Set(found.map(({ id }) => id)).size, pushed);
  }

  test('a line is a document in the names of ECS', async () => {
    await push();
    await assertOnce();
    const document = (await site.documents(type)).find(({ source }) => at(source, 'number') === 7);
    assert.match(document?.id ?? '', /^[\w-]{22}$/);
    assert.partialDeepStrictEqual(document?.source, {
      data_stream: { type: 'logs', dataset: type, namespace: tenant },
      host: { name: 'tests' },
      event: { original: '{"number":7,"message":"order 7"}' },
      message: 'order 7',
      tributary: { ordinal: 0, position: 7 },
    });
    assert.match(textAt(document?.source, '@timestamp'), /^\d{4}-.*Z$/);
  });

  test('the hub dies with documents there and not committed, twice, and the data stream is rolled over each time', async () => {
    await site.hub.program.kill();
    await site.hub.start({ crashPoint: 'hub.elasticsearch.after-bulk' });
    await push();
    const first = await site.hub.program.exited;
    await server.ask('POST', `/${site.name(type)}/_rollover`);
    site.hub.launch({ crashPoint: 'hub.elasticsearch.before-commit' });
    const second = await site.hub.program.exited;
    await server.ask('POST', `/${site.name(type)}/_rollover`);
    assert.deepEqual([first.signal, second.signal], ['SIGKILL', 'SIGKILL']);
    await site.hub.start();
    await assertOnce();
  });

  test('a cluster that is away is waited for, and caught up with', async () => {
    // Before its set-up is done, a hub that has just been started says that it cannot do that.
    await push();
    await assertOnce();
    proxy.isCut = true;
    proxy.dropAll();
    await push();
    const reason = await site.untilFound('elasticsearch-away');
    assert.match(reason, /cannot be reached/);
    const [output] = [at(await site.hub.status(), 'outputs', 0)];
    assert.equal(at(output, 'state'), 'waiting');
    await push();
    proxy.isCut = false;
    await assertOnce();
    await until('nothing is the matter any more', async () => !(await site.isFound('elasticsearch-away')));
  });

  test('connections that end in the middle of requests, with rollovers between', async () => {
    for (let round = 0; round < 5; round += 1) {
      const sent = push();
      await until('a request is under way', async () => (await site.figure('requestsUnderWay')) > 0, { everyMs: 1 });
      proxy.dropAll();
      await server.ask('POST', `/${site.name(type)}/_rollover`);
      await sent;
    }
    await assertOnce();
  });
});
