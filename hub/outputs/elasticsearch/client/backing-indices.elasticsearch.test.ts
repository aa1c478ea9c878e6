/** Against a real server: what it says of data streams and of aliases of which one index was copied. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sharedElasticsearch, unique } from '../../../../test/harness/elasticsearch/shared-elasticsearch.ts';
import { requireTool } from '../../../../test/harness/require.ts';
import { backingIndices } from './backing-indices.ts';
import { Connection } from './connection.ts';

const skip = await requireTool('elasticsearch');
const signal = new AbortController().signal;
const settings = { 'index.number_of_shards': 1, 'index.number_of_replicas': 0 };

suite('the indices behind a name', { skip, timeout: 240_000 }, () => {
  test('of an alias: the one that is written to is the last, though a copy of an older one is newer', async () => {
    const raw = await sharedElasticsearch();
    await using server = await Connection.open({ urls: [raw.url], sniff: false });
    const name = unique('copied');
    await raw.ask('PUT', `/${name}-000001`, { settings, aliases: { [name]: { is_write_index: true } } });
    await raw.ask('POST', `/${name}/_rollover`);
    await raw.ask('PUT', `/${name}-000001/_settings`, { 'index.blocks.write': true });
    const copy = `shrink-${name}-000001`;
    await raw.ask('POST', `/${name}-000001/_clone/${copy}`, { aliases: { [name]: {} } });
    const found = await backingIndices(server, name, signal);
    assert.deepEqual(
      found.map((index) => index.name),
      [`${name}-000001`, copy, `${name}-000002`],
    );
    const [first, copied, last] = found.map(({ writtenUntilMs }) => writtenUntilMs);
    assert.ok(Number.isFinite(first), 'it was written to until the rollover');
    assert.deepEqual([copied, last], [Infinity, Infinity]);
  });

  test('of a data stream: in the order of its rollovers', async () => {
    const raw = await sharedElasticsearch();
    await using server = await Connection.open({ urls: [raw.url], sniff: false });
    const name = unique('logs-streamed');
    await raw.ask('PUT', `/_index_template/${name}`, {
      index_patterns: [name],
      data_stream: {},
      priority: 900,
      template: { settings },
    });
    await raw.ask('PUT', `/${name}/_create/one`, { '@timestamp': '2026-11-22T00:00:00Z' });
    await raw.ask('POST', `/${name}/_rollover`);
    const found = await backingIndices(server, name, signal);
    assert.equal(found.length, 2);
    assert.match(found[0]?.name ?? '', /-000001$/);
    assert.ok(Number.isFinite(found[0]?.writtenUntilMs));
    assert.match(found[1]?.name ?? '', /-000002$/);
    assert.deepEqual(await backingIndices(server, unique('none'), signal), []);
  });
});
