import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textAt } from '../json.ts';
import { requireTool } from '../require.ts';
import { elasticsearchVersion } from './download.ts';
import { readDocuments } from './read-documents.ts';
import { sharedElasticsearch, unique } from './shared-elasticsearch.ts';

const skip = (await requireTool('elasticsearch')) ?? (await requireTool('python3'));

test('tests share one Elasticsearch, each under names of its own', { skip }, async () => {
  const [first, second] = await Promise.all([sharedElasticsearch(), sharedElasticsearch()]);
  assert.equal(first.url, second.url);
  assert.equal(textAt(await first.ask('GET', '/'), 'version', 'number'), elasticsearchVersion);
  const index = unique('things');
  assert.equal((await first.request('PUT', `/${index}/_create/a`, { message: 'one' })).status, 201);
  assert.equal((await second.request('PUT', `/${index}/_create/a`, { message: 'two' })).status, 409);
});

test('all documents are read by what is not ours, over more than one page', { skip }, async () => {
  const server = await sharedElasticsearch();
  const index = unique('many');
  const ids = Array.from({ length: 5001 }, (_, number) => String(number));
  const lines = ids.map((id) => `{"create":{"_index":"${index}","_id":"${id}"}}\n{"number":${id}}\n`);
  await server.ask('POST', '/_bulk', lines.join(''));
  const found = await readDocuments({ from: server, indices: [index], by: 'search_after' });
  assert.deepEqual(new Set(found.map(({ id }) => id)), new Set(ids));
  assert.deepEqual(found, await readDocuments({ from: server, indices: [index] }));
  assert.deepEqual(found[7], { index, id: '7', version: 1, source: { number: 7 } });
  await assert.rejects(readDocuments({ from: server, indices: [unique('none')] }), /404/);
});
