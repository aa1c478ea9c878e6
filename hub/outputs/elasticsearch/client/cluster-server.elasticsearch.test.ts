/** Against a real server: what it does with documents for a data stream that has no template. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { sharedElasticsearch, unique } from '../../../../test/harness/elasticsearch/shared-elasticsearch.ts';
import { requireTool } from '../../../../test/harness/require.ts';
import { requestVerdict, verdictOf } from '../bulk/answers.ts';
import { ClusterServer } from './cluster-server.ts';
import { Connection } from './connection.ts';

const skip = await requireTool('elasticsearch');
const signal = new AbortController().signal;

suite('a bulk request', { skip, timeout: 240_000 }, () => {
  test('a missing template makes no plain index: the documents wait', async () => {
    const raw = await sharedElasticsearch();
    await using connection = await Connection.open({ urls: [raw.url], sniff: false });
    const server = new ClusterServer({
      connection,
      clock: systemClock,
      name: 'site/main',
      options: { urls: [raw.url], compression: 'none', indices: 'data_stream' },
      mayBeVolatile: false,
      onLookedUp: () => undefined,
    });
    server.isSetUp({ requireDataStream: true });
    const name = unique('platform-untemplated');
    const body = Buffer.from(`{"create":{"_index":"${name}","_id":"one"}}\n{"@timestamp":"2026-11-22T00:00:00Z"}\n`);
    const verdict = requestVerdict(await server.post(body, true, signal), 1);
    assert.equal(verdict.kind, 'items');
    assert.deepEqual(verdict.kind === 'items' && verdict.items.map((item) => verdictOf(item).kind), ['again']);
    assert.equal((await raw.request('HEAD', `/${name}`)).status, 404);
  });
});
