/** Searches of a real server, over documents as the hub writes them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import type { RawElasticsearch } from '../../../test/harness/elasticsearch/raw-elasticsearch.ts';
import { sharedElasticsearch } from '../../../test/harness/elasticsearch/shared-elasticsearch.ts';
import { requireTool } from '../../../test/harness/require.ts';
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import { Connection } from '../../outputs/elasticsearch/client/connection.ts';
import { setUp } from '../../outputs/elasticsearch/setup/set-up.ts';
import type { Page } from '../search-store.ts';
import { type AskedFor, wantedOf } from '../wanted.ts';
import { ElasticsearchSearch } from './elasticsearch-search.ts';

const skip = await requireTool('elasticsearch');
const noon = Date.UTC(2026, 10, 22, 12);
const [agent, stream] = ['a'.repeat(32), 'b'.repeat(32)];
const never = new AbortController().signal;

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
    const store = new ElasticsearchSearch({ name: 'es', state: 'running', connection });
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
    await assert.rejects(numbers({ regex: 'a|b' }), { code: 'pattern' });
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
    const { before, record: found, after } = await store.context(place, never);
    assert.deepEqual(
      [before.map(({ at }) => at.position), found?.at.position, after.map(({ at }) => at.position)],
      [[20, 30], 40, [50]],
    );
    assert.deepEqual((await page({ tenant: 'nobody_has_it' })).found, []);
  });
});
