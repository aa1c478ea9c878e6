/** An index a day in a real Elasticsearch, through a hub: each document once in the index of its day, whatever times and names it has. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { dayOf } from '../../hub/outputs/elasticsearch/index-names.ts';
import { IndexingHub } from '../harness/elasticsearch/indexing-hub.ts';
import type { RawElasticsearch } from '../harness/elasticsearch/raw-elasticsearch.ts';
import { sharedElasticsearch } from '../harness/elasticsearch/shared-elasticsearch.ts';
import { at } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('elasticsearch')) ?? (await requireTool('python3'));
const dayMs = 86_400_000;
const types = ['orders', 'named', 'taken'];

suite('an index a day in Elasticsearch', { skip, timeout: 900_000 }, () => {
  const tenant = `daily_${randomBytes(4).toString('hex')}`;
  let server: RawElasticsearch;
  let site: IndexingHub;

  before(async () => {
    server = await sharedElasticsearch();
    const pipeline = [
      'steps:',
      '  - json: {}',
      '  - timestamp: { from: at, formats: [epoch_ms], keep: true }',
      '    when: has(fields.at)',
      `  - route: { index: concrete-${tenant} }`,
      '    when: has(fields.astray)',
      '',
    ].join('\n');
    site = await IndexingHub.start({ server, tenant, types, output: { indices: 'daily' }, pipeline });
  });

  after(async () => {
    await site[Symbol.asyncDispose]();
  });

  test('the hub dies with documents there and not committed: each is there once, under its day and the alias of all days', async () => {
    const nowMs = Date.now();
    const own = [nowMs - 2 * dayMs, nowMs - dayMs, nowMs];
    // Legal times, which make no index: the documents go to the day on which they came.
    const wild = [0, Date.UTC(1987, 5, 4), nowMs - 40 * dayMs, nowMs + 3 * dayMs, Date.UTC(9999, 11, 31)];
    const times = [...own, ...wild];
    const orders = Array.from({ length: 400 }, (_, number) => ({
      number,
      at: times[number % times.length],
      message: `order ${number}`,
    }));
    await site.hub.program.kill();
    await site.hub.start({ crashPoint: 'hub.elasticsearch.after-bulk' });
    await site.push('orders', orders);
    assert.equal((await site.hub.program.exited).signal, 'SIGKILL');
    await site.hub.start();
    await site.untilCount('orders', orders.length);

    const found = await site.documents('orders');
    assert.equal(new Set(found.map(({ source }) => at(source, 'number'))).size, orders.length);
    assert.equal(found.length, orders.length);
    const alias = site.name('orders');
    for (const { index, source } of found) {
      const order = orders[Number(at(source, 'number'))];
      assert.equal(Date.parse(String(at(source, '@timestamp'))), order?.at, 'a document keeps its time');
      const receivedDay = dayOf(Date.parse(String(at(source, 'event', 'ingested'))));
      assert.equal(index, `${alias}-${own.includes(order?.at ?? 0) ? dayOf(order?.at ?? 0) : receivedDay}`);
    }
    const indices = Object.keys(Object(await server.ask('GET', `/_alias/${alias}`))).toSorted();
    assert.deepEqual(indices, [...new Set(found.map(({ index }) => index))].toSorted());
    assert.ok(indices.length <= 4, indices.join(', '));
    await site.untilFigure('otherDay', (orders.length * wild.length) / times.length);
    assert.deepEqual(await site.refused('orders'), []);
  });

  test('a name that is an index already: what a pipeline sends there becomes dead letters, and others go on', async () => {
    await server.ask('PUT', `/concrete-${tenant}`);
    const mixed = Array.from({ length: 30 }, (_, number) => ({
      message: `named ${number}`,
      ...(number % 3 === 0 && { astray: true }),
    }));
    await site.push('named', mixed);
    await site.untilCount('named', 20);
    const refused = await site.untilRefused('named', 10);
    assert.equal(refused.error, 'invalid_alias_name_exception');
    assert.match(refused.reason, new RegExp(`rename or delete what is called concrete-${tenant}`));
    await server.ask('DELETE', `/concrete-${tenant}`);
    // A name that could not be made is tried again after some seconds; until then its letters stay what they are.
    const replayed = async (): Promise<boolean> => {
      await site.command('dlq', 'replay', '--type', 'named');
      return (await site.refused('named')).length === 0;
    };
    await until('none is refused any more', replayed, { deadlineMs: 120_000, everyMs: 500 });
    await server.request('POST', `/concrete-${tenant}/_refresh`);
    assert.equal(at(await server.ask('GET', `/concrete-${tenant}/_count`), 'count'), 10);
  });

  test('the name of a log type is a data stream still: its documents wait, others do not, and all are there when it is gone', async () => {
    const template = `/_index_template/${tenant}`;
    await server.ask('PUT', template, { index_patterns: [site.name('taken')], data_stream: {}, priority: 900 });
    await server.ask('POST', `/${site.name('taken')}/_create/1`, { '@timestamp': 0, message: 'as it was before' });
    await site.push('taken', [{ message: 'one' }, { message: 'two' }]);
    const reason = await site.untilFound('elasticsearch-refuses');
    assert.match(reason, new RegExp(`rename or delete what is called ${site.name('taken')}`));
    await site.push('named', [{ message: 'goes on' }]);
    await site.untilCount('named', 21);
    const stream = Object.keys(Object(await server.ask('GET', `/${site.name('taken')}/_settings`)))[0] ?? '';
    assert.match(stream, /^\.ds-/);
    await server.ask('DELETE', template).catch(() => undefined);
    await site.configure({ indices: 'data_stream' });
    await site.untilCount('taken', 2);
  });
});
