/** Searches of a real server, over documents as the hub writes them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, suite, test } from 'node:test';
import type { RawElasticsearch } from '../../../test/harness/elasticsearch/raw-elasticsearch.ts';
import { sharedElasticsearch } from '../../../test/harness/elasticsearch/shared-elasticsearch.ts';
import { requireTool } from '../../../test/harness/require.ts';
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import { SearchThreads } from '../../outputs/archive/search/search-threads.ts';
import { Connection } from '../../outputs/elasticsearch/client/connection.ts';
import { setUp } from '../../outputs/elasticsearch/setup/set-up.ts';
import type { Page } from '../search-store.ts';
import { type AskedFor, wantedOf } from '../wanted.ts';
import { ElasticsearchSearch } from './elasticsearch-search.ts';

const skip = await requireTool('elasticsearch');
const noon = Date.UTC(2026, 10, 22, 12);
const [agent, stream] = ['a'.repeat(32), 'b'.repeat(32)];
const never = new AbortController().signal;
const threads = new SearchThreads({ size: 1 });
after(() => threads[Symbol.asyncDispose]());

/** Ten lines, two of each millisecond; of two hosts and types. */
async function write(raw: RawElasticsearch, tenant: string): Promise<void> {
  const lines = Array.from({ length: 10 }, (_, index) => {
    const [type, at] = [index < 8 ? 'web' : 'app', new Date(noon + Math.floor(index / 2)).toISOString()];
    const document = {
      '@timestamp': at,
      data_stream: { type: 'logs', dataset: type, namespace: tenant },
      event: { ingested: at },
      host: { name: index % 2 === 0 ? 'web1' : 'web2' },
      agent: { id: agent },
      tributary: { site: 'c'.repeat(32), stream, position: index * 10, ordinal: 0 },
      labels: { env: 'prod' },
      http: { request: { method: index % 3 === 0 ? 'POST' : 'GET' }, response: { status_code: 200 + index * 50 } },
      message: `request ${index} of the day`,
    };
    return [{ create: { _index: `logs-${type}-${tenant}`, _id: String(index) } }, document];
  });
  const body = `${lines
    .flat()
    .map((line) => JSON.stringify(line))
    .join('\n')}\n`;
  const { status, body: answer } = await raw.request('POST', '/_bulk?refresh=true', body);
  assert.deepEqual([status, Object(answer).errors], [200, false], JSON.stringify(answer));
}

/** Four events of one millisecond, two of them sent straight to the server, and a measurement. */
async function writePlatform(raw: RawElasticsearch, tenant: string): Promise<void> {
  const at = new Date(noon).toISOString();
  const documents = Array.from({ length: 5 }, (_, index) => {
    const [type, dataset] = index < 4 ? ['platform', 'audit'] : ['metrics', 'system.cpu'];
    const record = { site: 'c'.repeat(32), ...(index % 2 === 0 ? { stream, position: index, ordinal: 0 } : { direct: true }) };
    const document = {
      '@timestamp': at,
      data_stream: { type, dataset, namespace: tenant },
      event: { id: `id${index}`, ingested: at, action: index === 3 ? 'token-created' : 'hub-started' },
      agent: { id: agent },
      ...(index < 4 ? { message: 'something was done' } : { system: { cpu: { pct: 0.5 } } }),
      tributary: { record, ...(index < 4 && { audit: { sequence: index } }) },
    };
    return [{ create: { _index: `${type}-${dataset}-${tenant}`, _id: `p${index}` } }, document];
  });
  const body = `${documents
    .flat()
    .map((line) => JSON.stringify(line))
    .join('\n')}\n`;
  const { status, body: answer } = await raw.request('POST', '/_bulk?refresh=true', body);
  assert.deepEqual([status, Object(answer).errors], [200, false], JSON.stringify(answer));
}

suite('search of a real Elasticsearch', { skip }, () => {
  test('pages, field queries, counts and context are as the archive has them', async () => {
    const raw = await sharedElasticsearch();
    const tenant = `search_${randomBytes(4).toString('hex')}`;
    await using connection = await Connection.open({ urls: [raw.url], sniff: false });
    const types = ['web', 'app'].map((type) => ({ type, tenant, fields: {} }));
    await setUp(
      connection,
      { indices: 'data_stream', rejected: 'dead_letters', tenants: [tenant], types },
      { dryRun: false, force: false },
    );
    await write(raw, tenant);
    const store = new ElasticsearchSearch({ name: 'es', state: 'running', connection, threads });
    const wanted = (asked: AskedFor): ReturnType<typeof wantedOf> =>
      wantedOf({ tenant, ...asked }, { visible: undefined, nowMs: noon });
    const page = async (
      asked: AskedFor,
      given: Partial<Page> = {},
    ): Promise<{ found: FoundRecord[]; next: string | undefined }> => {
      const found: FoundRecord[] = [];
      const steps = store.records(wanted(asked), { limit: 100, ...given }, never);
      for (;;) {
        const step = await steps.next();
        if (step.done === true) return { found, next: step.value.next };
        if ('records' in step.value) found.push(...step.value.records);
      }
    };
    const numbers = async (asked: AskedFor): Promise<number[]> => (await page(asked)).found.map(({ at }) => at.position / 10);

    const first = await page({}, { limit: 3 });
    const second = await page({}, { limit: 100, after: first.next });
    assert.deepEqual(
      [...first.found, ...second.found].map(({ at }) => at.position / 10),
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    );
    assert.equal(second.next, undefined);
    assert.deepEqual(await numbers({ order: 'oldest', type: 'app' }), [8, 9]);
    assert.deepEqual(await numbers({ from: String(noon + 1), to: String(noon + 3), host: 'web1' }), [4, 2]);
    assert.deepEqual(await numbers({ text: 'request 7' }), [7]);
    assert.deepEqual(await numbers({ query: 'status:>=500 AND method:GET NOT host:web1' }), [7]);
    assert.deepEqual(await numbers({ query: 'http.request.method:P* status:[* TO 350]' }), [3, 0]);
    assert.deepEqual(await numbers({ query: '(status:200 OR status:250) -labels.env:test' }), [1, 0]);
    assert.deepEqual(await numbers({ query: 'nothing.of.this:*' }), []);
    assert.deepEqual(await numbers({ regex: '[36] of the d' }), [6, 3]);
    const [record] = first.found;
    assert.deepEqual(record && { ...record, fields: undefined }, {
      at: { site: 'c'.repeat(32), agent, stream, position: 90, ordinal: 0 },
      tenant,
      type: 'app',
      receivedMs: noon + 4,
      host: 'web2',
      source: '',
      labels: { env: 'prod' },
      fields: undefined,
      line: 'request 9 of the day',
      cut: false,
    });

    const histogram = await store.histogram(wanted({}), { fromMs: noon - 2, stepMs: 2, count: 4 }, never);
    assert.deepEqual(histogram, { fromMs: noon - 2, stepMs: 2, counts: [0, 4, 4, 2], approximate: false });
    const { facets } = await store.facets(wanted({}), 10, never);
    assert.deepEqual(
      facets.map(({ values }) => values),
      [
        [{ value: tenant, count: 10 }],
        [
          { value: 'web', count: 8 },
          { value: 'app', count: 2 },
        ],
        [
          { value: 'web1', count: 5 },
          { value: 'web2', count: 5 },
        ],
      ],
    );
    const place = { tenant, type: 'web', agent, stream, position: 40, ordinal: 0, receivedMs: noon + 2, before: 2, after: 1 };
    const { before, record: found, after: behind } = await store.context(place, never);
    assert.deepEqual(
      [before.map(({ at }) => at.position), found?.at.position, behind.map(({ at }) => at.position)],
      [[20, 30], 40, [50]],
    );
    assert.deepEqual((await page({ tenant: 'nobody_has_it' })).found, []);

    await writePlatform(raw, tenant);
    assert.equal((await page({})).found.length, 10);
    const events: FoundRecord[] = [];
    let next: string | undefined;
    do {
      const some = await page({ type: 'platform' }, { limit: 1, after: next });
      events.push(...some.found);
      ({ next } = some);
    } while (next !== undefined && events.length < 20);
    const ids = events.map(({ fields }) => String(Object(fields?.['event']).id));
    assert.deepEqual(ids.toSorted(), ['id0', 'id1', 'id2', 'id3', 'id4']);
    assert.ok(events.every(({ type }) => type === 'platform'));
    assert.match(events.find((event) => event.line.startsWith('{'))?.line ?? '', /"pct":0\.5/);
    const done = await page({ type: 'platform', query: 'tributary.audit.sequence:* AND event.action:"token-created"' });
    assert.deepEqual(
      done.found.map(({ fields }) => Object(fields?.['tributary']).audit),
      [{ sequence: 3 }],
    );
    assert.equal((await page({ type: 'platform,app' })).found.length, 7);
    const counted = await store.facets(wanted({ type: 'platform,app' }), 10, never);
    assert.deepEqual(counted.facets[1]?.values, [
      { value: 'platform', count: 5 },
      { value: 'app', count: 2 },
    ]);
    const around = { tenant, type: 'platform', agent, stream, position: 2, ordinal: 0, receivedMs: noon, before: 5, after: 5 };
    const beside = await store.context(around, never);
    assert.deepEqual(
      [beside.before, [beside.record], beside.after].map((some) => some.map((event) => event?.at.position)),
      [[0], [2], [4]],
    );
  });
});
