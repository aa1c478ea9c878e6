/**
 * The requests of the set-up against Elastic's published API: the client `@elastic/elasticsearch` is generated from its specification, and sends what
 * that has no body parameter for in the address. Each request is made once more with the client, and has to be the same: method, path,
 * parameters, body. What is inside of bodies has the types of the same specification (setup-item.ts), so the compiler checks it.
 *
 * For calls that the real server of the tests has not (lifecycle, failure store, data streams) this is all there is: they were not run on one.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { PretendedElasticsearch } from '../../../testing/pretended-elasticsearch.ts';
import { makeDailyIndex } from './daily-index.ts';
import { setUp } from './set-up.ts';
import type { SetupRequest } from './setup-server.ts';

interface Seen {
  readonly method: string | undefined;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const day = 86_400_000;

/** What the client sends to, which writes it down. */
async function recorder(): Promise<AsyncDisposable & { readonly client: Client; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.once('end', () => {
      const query = Object.fromEntries(searchParams);
      const content: unknown = body === '' ? undefined : JSON.parse(body);
      seen.push({ method: request.method, path: decodeURIComponent(pathname), query, body: content });
      response.setHeader('x-elastic-product', 'Elasticsearch').setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // oxlint-disable-next-line no-unsafe-type-assertion -- a server of TCP has such an address
  const { port } = server.address() as AddressInfo;
  const client = new Client({ node: `http://127.0.0.1:${port}`, maxRetries: 0 });
  const end = async (): Promise<void> => {
    await client.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { client, seen, [Symbol.asyncDispose]: end };
}

/** The same by the client's own call for it. */
async function byClient(client: Client, { method, path, query, body }: SetupRequest): Promise<void> {
  const [, first = '', second = '', third = ''] = path.split('/');
  // oxlint-disable-next-line no-unsafe-type-assertion -- what is not of these parameters goes elsewhere, and is found
  const given = { ...query, ...body } as object;
  const call = `${method} /${first}`;
  if (path === '/') await client.info();
  else if (path === '/_index_template/_simulate') await client.indices.simulateTemplate(given);
  else if (call === 'PUT /_component_template')
    await client.cluster.putComponentTemplate({ name: second, template: {}, ...given });
  else if (call === 'PUT /_index_template') await client.indices.putIndexTemplate({ name: second, ...given });
  else if (call === 'PUT /_ilm') await client.ilm.putLifecycle({ name: third, ...given });
  else if (call === 'GET /_component_template') await client.cluster.getComponentTemplate({ name: second, ...given });
  else if (call === 'GET /_index_template')
    await client.indices.getIndexTemplate({ ...(second !== '' && { name: second }), ...given });
  else if (call === 'GET /_ilm') await client.ilm.getLifecycle({ ...(third !== '' && { name: third }), ...given });
  else if (call === 'GET /_data_stream' && third === '_lifecycle')
    await client.indices.getDataLifecycle({ name: second, ...given });
  else if (call === 'GET /_data_stream') await client.indices.getDataStream({ name: second, ...given });
  else if (call === 'GET /_resolve') await client.indices.resolveIndex({ name: third, ...given });
  else if (method === 'GET' && second === '_mapping') await client.indices.getMapping({ index: first, ...given });
  else if (call === 'POST /_aliases') await client.indices.updateAliases(given);
  else if (method === 'PUT' && second === '') await client.indices.create({ index: first, ...given });
  else assert.fail(`no call of the client is known for ${method} ${path}`);
}

async function requestsOfSetups(): Promise<readonly SetupRequest[]> {
  const types = [{ type: 'app', tenant: 'shop', fields: { 'app.x': 'long', 'app.list': 'nested' } }] as const;
  const choice = {
    indices: 'data_stream',
    rejected: 'failure_store',
    tenants: ['shop'],
    retentionMs: 30 * day,
    replicas: 1,
    types,
  } as const;
  const requests: SetupRequest[] = [];
  for (const lifecycle of ['data_stream', 'policies', 'none'] as const) {
    const server = new PretendedElasticsearch({ lifecycle });
    const { isComplete } = await setUp(server, choice, { dryRun: false, force: false });
    assert.equal(isComplete, true);
    await setUp(
      server,
      { ...choice, indices: 'daily', rejected: 'dead_letters', tenants: undefined },
      { dryRun: false, force: false },
    );
    requests.push(...server.requests);
  }
  const server = new PretendedElasticsearch();
  const exists = { status: 400, body: { error: { type: 'resource_already_exists_exception' } } };
  server.answer = ({ path }) => (path.startsWith('/logs') ? exists : undefined);
  await makeDailyIndex(server, { index: 'logs-app-shop-2026.11.22', alias: 'logs-app-shop' });
  return [...requests, ...server.requests];
}

test("every request is what Elastic's own client sends for it", async () => {
  const requests = (await requestsOfSetups()).filter(({ path }) => path !== '/_msearch');
  await using recorded = await recorder();
  for (const request of requests) await byClient(recorded.client, request);
  for (const [index, { method, path, query = {}, body }] of requests.entries()) {
    const expected = {
      method,
      path,
      query: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])),
      body,
    };
    // As JSON, which leaves out what is undefined.
    assert.deepEqual(recorded.seen[index], {
      ...expected,
      body: body === undefined ? undefined : JSON.parse(JSON.stringify(body)),
    });
  }
  const seen = JSON.stringify(requests);
  for (const part of [
    '/_ilm/policy/tributary-30d',
    '"data_retention":"30d"',
    '"failure_store":{"enabled":true}',
    '"lifecycle":{"name"',
  ])
    assert.ok(seen.includes(part), part);
});
