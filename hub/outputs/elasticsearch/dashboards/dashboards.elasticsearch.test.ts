/**
 * Every query that the dashboards for Kibana and Grafana contain, run against a real Elasticsearch with the hub's own templates and documents of
 * every kind. Kibana itself is not there: its queries are made from the saved objects by testing/lens-search.ts.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { dashboardSamples, mixedType, sampledPresets } from '../../../../test/harness/elasticsearch/dashboard-samples.ts';
import type { RawElasticsearch } from '../../../../test/harness/elasticsearch/raw-elasticsearch.ts';
import { sharedElasticsearch } from '../../../../test/harness/elasticsearch/shared-elasticsearch.ts';
import { at, isObject, listAt, numberAt, parseJson } from '../../../../test/harness/json.ts';
import { requireTool } from '../../../../test/harness/require.ts';
import { until } from '../../../../test/harness/until.ts';
import type { PipelineSet } from '../../../processing/definition/pipeline-set.ts';
import { Connection } from '../client/connection.ts';
import { setUp } from '../setup/set-up.ts';
import { typeFieldsOf } from '../setup/type-fields.ts';
import { boardsOf } from './boards.ts';
import { grafanaFiles } from './grafana/grafana-files.ts';
import { type KibanaChoice, kibanaObjects } from './kibana/kibana-objects.ts';
import { viewsOf } from './kibana/data-views.ts';
import type { SavedObject } from './kibana/saved-object.ts';
import { grafanaPanel, grafanaSearch } from './testing/grafana-search.ts';
import { queryOfKql } from './testing/kql.ts';
import { lensSearch } from './testing/lens-search.ts';
import { parseDashboard, parseDataView, parseSearch } from './testing/saved-object-schemas.ts';
import { type ChartSearch, valuesIn } from './testing/searches.ts';

const skip = await requireTool('elasticsearch');

const types = ['haproxy', mixedType];

interface Site {
  readonly server: RawElasticsearch;
  readonly choice: KibanaChoice;
}

let made: Promise<Site> | undefined;

/** Set up by the hub, and with documents, once for all tests. */
async function site(): Promise<Site> {
  return await (made ??= makeSite());
}

async function makeSite(): Promise<Site> {
  const server = await sharedElasticsearch();
  const tenant = `dashboards_${randomBytes(4).toString('hex')}`;
  const set: PipelineSet = {
    sources: [
      { name: 'haproxy', file: 'haproxy.yaml', text: 'steps: [ { preset: haproxy } ]' },
      {
        name: mixedType,
        file: 'mixed.yaml',
        text: `steps: [ ${sampledPresets.map((name) => `{ preset: ${name} }`).join(', ')} ]`,
      },
    ],
    rules: [],
  };
  await using connection = await Connection.open({ urls: [server.url], sniff: false });
  const typeFields = typeFieldsOf({ set, env: {}, tenants: [tenant], types: undefined });
  const report = await setUp(
    connection,
    { indices: 'data_stream', rejected: 'dead_letters', tenants: [tenant], types: typeFields },
    { dryRun: false, force: false },
  );
  assert.deepEqual([report.isComplete, report.problems], [true, []]);
  const documents = await dashboardSamples(tenant);
  await write(server, documents);
  return { server, choice: { output: 'elasticsearch', tenants: [tenant], platformNames: 'platform', types } };
}

/** A server that is slow to change its mappings refuses some as too late (`mapper_exception`, 500): they are written again. */
async function write(server: RawElasticsearch, documents: Awaited<ReturnType<typeof dashboardSamples>>): Promise<void> {
  let waiting = documents;
  await until('all documents are in the indices', async () => {
    const lines = waiting.map(
      ({ index, document }) => `${JSON.stringify({ create: { _index: index } })}\n${JSON.stringify(document)}\n`,
    );
    const items = listAt(await server.ask('POST', '/_bulk?refresh=true', lines.join('')), 'items');
    const refused = items.filter((item) => ![201, 500].includes(numberAt(item, 'create', 'status')));
    assert.deepEqual(refused, []);
    waiting = waiting.filter((_, index) => numberAt(items[index], 'create', 'status') === 500);
    return waiting.length === 0;
  });
}

/** By the id of the data view. */
function indicesOf(objects: readonly SavedObject[]): Map<string, string> {
  return new Map(
    objects.flatMap(({ type, id, attributes }) => (type === 'index-pattern' ? [[id, parseDataView(attributes).title]] : [])),
  );
}

/** Each is answered without a failure; told are those of which a value is nowhere. */
async function runAll(server: RawElasticsearch, searches: readonly ChartSearch[]): Promise<string[]> {
  const lines = searches.map(
    ({ indices, body }) =>
      `${JSON.stringify({ index: indices.split(','), ignore_unavailable: true })}\n${JSON.stringify(body)}\n`,
  );
  const responses = listAt(await server.ask('POST', '/_msearch', lines.join('')), 'responses');
  assert.equal(responses.length, searches.length);
  return searches.flatMap(({ name, values }, index) => {
    const response = responses[index];
    assert.equal(at(response, 'error'), undefined, `${name}: ${JSON.stringify(response)?.slice(0, 2000)}`);
    assert.equal(numberAt(response, '_shards', 'failed'), 0, name);
    const hits = numberAt(response, 'hits', 'total', 'value');
    if (hits === 0) return [`${name}: no document`];
    const aggregations = at(response, 'aggregations');
    const empty = values.filter((value) => value.name !== undefined && valuesIn(aggregations, value).length === 0);
    return empty.map(({ label }) => `${name}: ${label}`);
  });
}

/** Every field is mapped, and what values are chosen of can be put into buckets. */
async function fieldsOf(server: RawElasticsearch, indices: string): Promise<ReadonlyMap<string, boolean>> {
  const answer = await server.ask('GET', `/${indices}/_field_caps?fields=*&ignore_unavailable=true`);
  const fields = at(answer, 'fields');
  assert.ok(isObject(fields));
  const canBucket = (caps: unknown): boolean =>
    isObject(caps) && Object.values(caps).every((one) => at(one, 'aggregatable') === true);
  return new Map(Object.entries(fields).map(([name, caps]) => [name, canBucket(caps)]));
}

suite('dashboards on a real Elasticsearch', { skip }, () => {
  test('every chart for Kibana is answered, and finds what it is about', async () => {
    const { server, choice } = await site();
    const objects = kibanaObjects(choice);
    const views = indicesOf(objects);
    const searches = objects.flatMap((object) => (object.type === 'lens' ? [lensSearch(object, views)] : []));
    assert.deepEqual(await runAll(server, searches), []);
  });

  test('every saved search for Kibana is answered, and finds documents', async () => {
    const { server, choice } = await site();
    const objects = kibanaObjects(choice);
    const views = indicesOf(objects);
    const searches = objects.flatMap(({ type, id, attributes, references }): ChartSearch[] => {
      if (type !== 'search') return [];
      const { query } = parseSearch(attributes).kibanaSavedObjectMeta.searchSourceJSON;
      const indices = views.get(references[0]?.id ?? '') ?? '';
      const body = { size: 5, track_total_hits: true, query: queryOfKql(query.query), sort: [{ '@timestamp': 'desc' }] };
      return [{ name: id, indices, body, values: [], fields: [] }];
    });
    assert.deepEqual(await runAll(server, searches), []);
  });

  test('every field that dashboards name is mapped so that it can be used', async () => {
    const { server, choice } = await site();
    const objects = kibanaObjects(choice);
    const views = indicesOf(objects);
    const wanted = new Map<string, Set<string>>();
    const want = (indices: string | undefined, fields: readonly string[]): void => {
      for (const field of fields) wanted.getOrInsertComputed(indices ?? '', () => new Set()).add(field);
    };
    for (const object of objects) {
      const ofFirst = views.get(object.references[0]?.id ?? '');
      if (object.type === 'lens') want(ofFirst, lensSearch(object, views).fields);
      if (object.type !== 'dashboard') continue;
      const control = object.references.find(({ type }) => type === 'index-pattern');
      const chosen = Object.values(parseDashboard(object.attributes).controlGroupInput.panelsJSON);
      want(
        views.get(control?.id ?? ''),
        chosen.map(({ explicitInput }) => explicitInput.fieldName),
      );
    }
    const unusable: string[] = [];
    for (const [indices, fields] of wanted) {
      const there = await fieldsOf(server, indices);
      for (const field of fields) if (there.get(field) !== true) unusable.push(`${indices}: ${field}`);
    }
    assert.deepEqual(unusable, []);
  });

  test('every query of the dashboards for Grafana is answered, and finds what it is about', async () => {
    const { server, choice } = await site();
    const indices = new Map(viewsOf(types, choice).map((view) => [view.name, view.indices]));
    const files = new Map(grafanaFiles(types, []).map(({ name, content }) => [name, parseJson(content)]));
    const searches = boardsOf(types).flatMap(({ name, view }) =>
      listAt(files.get(`tributary-${name}.json`), 'panels').flatMap((one) => {
        const panel = grafanaPanel.parse(one);
        return panel.targets.map((target) =>
          grafanaSearch(`${name}: ${panel.title} ${target.refId}`, indices.get(view) ?? '', target),
        );
      }),
    );
    assert.deepEqual(await runAll(server, searches), []);
  });
});
