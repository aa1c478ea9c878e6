/** What becomes of documents that a real Elasticsearch refuses, for good or for a time. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { IndexingHub } from '../harness/elasticsearch/indexing-hub.ts';
import type { RawElasticsearch } from '../harness/elasticsearch/raw-elasticsearch.ts';
import { sharedElasticsearch } from '../harness/elasticsearch/shared-elasticsearch.ts';
import { at } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('elasticsearch')) ?? (await requireTool('python3'));
const types = ['clash', 'wide', 'long', 'blocked'];

suite('documents that Elasticsearch refuses', { skip, timeout: 900_000 }, () => {
  let server: RawElasticsearch;
  let site: IndexingHub;

  before(async () => {
    server = await sharedElasticsearch();
    site = await IndexingHub.start({ server, tenant: `refused_${randomBytes(4).toString('hex')}`, types, output: {} });
  });

  after(async () => {
    await site[Symbol.asyncDispose]();
  });

  test('a mapping conflict: the document is a dead letter, and once there when it was mended and replayed', async () => {
    const numbers = Array.from({ length: 30 }, (_, number) => ({ value: number, message: `number ${number}` }));
    const texts = numbers.map((_, number) => ({ value: `text ${number}`, message: `text ${number}` }));
    await site.push('clash', numbers);
    await site.untilCount('clash', 30);
    await site.push('clash', texts);
    await site.push('clash', [{ value: 30, message: 'behind them' }]);
    const refused = await site.untilRefused('clash', 30);
    assert.equal(refused.error, 'document_parsing_exception');
    assert.match(refused.reason, /failed to parse field \[value\] of type \[long\].*text 0/);
    // What is behind them does not wait.
    await site.untilCount('clash', 31);

    await site.command('dlq', 'replay', '--type', 'clash');
    const again = await site.untilRefused('clash', 30);
    assert.equal(again.count, 30, 'what is refused again stays');

    // Mended: what is written to from now on takes both. The replay is ended in the middle as by kill -9, and done again.
    await server.ask('POST', `/${site.name('clash')}/_rollover`);
    await server.ask('PUT', `/${site.name('clash')}/_mapping?write_index_only=true`, {
      properties: { value: { type: 'keyword' } },
    });
    const replay = site.hub.run('dlq', 'replay', '--type', 'clash', '--config', site.hub.configPath);
    await until('the first of them are there', async () => (await site.count('clash')) > 31, { everyMs: 2 });
    await site.hub.program.kill();
    await replay;
    await site.hub.start();
    await site.command('dlq', 'replay', '--type', 'clash');
    await site.untilCount('clash', 61);
    assert.deepEqual(await site.refused('clash'), []);
    const found = await site.documents('clash');
    assert.equal(found.length, 61);
    assert.equal(new Set(found.map(({ id }) => id)).size, 61, 'each id is in one index');
    assert.equal(new Set(found.map(({ source }) => at(source, 'message'))).size, 61);
  });

  test('too many fields: those beyond the limit are kept and not found; where the index refuses them, the document is a dead letter', async () => {
    const wide = (prefix: string): object => Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${prefix}${n}`, n]));
    await site.push('wide', [{ message: 'one', app: { a: 1 } }]);
    await site.untilCount('wide', 1);
    const settings = async (values: object): Promise<unknown> =>
      await server.ask('PUT', `/${site.name('wide')}/_settings`, { index: { mapping: { total_fields: values } } });
    await settings({ limit: 20 });
    await site.push('wide', [{ message: 'two', app: wide('two') }]);
    await site.untilCount('wide', 2);
    const found = await site.documents('wide');
    assert.equal(at(found.find(({ source }) => at(source, 'message') === 'two')?.source, 'app', 'two29'), 29);

    await settings({ limit: 20, ignore_dynamic_beyond_limit: false });
    await site.push('wide', [{ message: 'three', app: wide('three') }]);
    await site.push('wide', [{ message: 'four', app: { a: 4 } }]);
    const refused = await site.untilRefused('wide', 1);
    assert.match(`${refused.error}: ${refused.reason}`, /Limit of total fields \[20\] has been exceeded/);
    await site.untilCount('wide', 3);
    await settings({ limit: 10_000 });
    await site.command('dlq', 'replay', '--type', 'wide');
    await site.untilCount('wide', 4);
    assert.deepEqual(await site.refused('wide'), []);
  });

  test('a value that the index cannot hold: the document is a dead letter', async () => {
    await site.push('long', [{ message: 'short', app: { text: 'x' } }]);
    await site.untilCount('long', 1);
    await server.ask('PUT', `/${site.name('long')}/_mapping`, {
      properties: { app: { properties: { whole: { type: 'keyword' } } } },
    });
    await site.push('long', [{ message: 'long', app: { whole: 'x'.repeat(40_000) } }]);
    const refused = await site.untilRefused('long', 1);
    assert.match(refused.reason, /immense term in field="app.whole"/);
  });

  test('an index that is blocked: its documents wait, others do not, and all are there when it is not', async () => {
    await site.push('blocked', [{ message: 'one' }]);
    await site.untilCount('blocked', 1);
    await server.ask('PUT', `/${site.name('blocked')}/_settings`, { 'index.blocks.read_only': true });
    const tried = await site.figure('again');
    await site.push('blocked', [{ message: 'two' }, { message: 'three' }]);
    await site.untilFigure('again', tried + 4);
    await site.push('wide', [{ message: 'five', app: { a: 5 } }]);
    await site.untilCount('wide', 5);
    await server.ask('PUT', `/${site.name('blocked')}/_settings`, { 'index.blocks.read_only': null });
    await site.untilCount('blocked', 3);
    assert.deepEqual(await site.refused('blocked'), []);
  });
});
