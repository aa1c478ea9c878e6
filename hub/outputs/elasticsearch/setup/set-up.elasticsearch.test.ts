/** Against a real server. It lacks lifecycle calls and some field types, so what it cannot do is only parsed by it here (lifecycle, failure store) or by nothing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { sharedElasticsearch } from '../../../../test/harness/elasticsearch/shared-elasticsearch.ts';
import type { RawElasticsearch } from '../../../../test/harness/elasticsearch/raw-elasticsearch.ts';
import { requireTool } from '../../../../test/harness/require.ts';
import { at } from '../../../../test/harness/json.ts';
import { Connection } from '../client/connection.ts';
import { makeDailyIndex } from './daily-index.ts';
import { markedBody } from './marks.ts';
import { setUp } from './set-up.ts';
import { abilitiesOf } from './server-abilities.ts';
import type { SetupChoice } from './setup-choice.ts';
import { diffOf } from './setup-diff.ts';
import { pathOf } from './setup-item.ts';
import { setupItems } from './templates.ts';

const skip = await requireTool('elasticsearch');
const plain = { dryRun: false, force: false };

/** Index templates with a tenant's name are this test's own; component templates are the same for everybody. */
async function site(): Promise<{ raw: RawElasticsearch; server: Connection; tenant: string; choice: SetupChoice }> {
  const raw = await sharedElasticsearch();
  const tenant = `setup_${randomBytes(4).toString('hex')}`;
  const server = await Connection.open({ urls: [raw.url], sniff: false });
  const fields = { 'app.took_ms': 'long', 'app.release': 'version', 'app.ratio': 'scaled_float' } as const;
  return {
    raw,
    server,
    tenant,
    choice: { indices: 'data_stream', rejected: 'dead_letters', tenants: [tenant], types: [{ type: 'app', tenant, fields }] },
  };
}

async function mappingOf(raw: RawElasticsearch, index: string): Promise<unknown> {
  const [mapping] = Object.values(Object(await raw.ask('GET', `/${index}/_mapping`)));
  return at(mapping, 'mappings');
}

suite('set-up of a real Elasticsearch', { skip }, () => {
  test('what it installed it finds unchanged, and what a person changes it tells', async () => {
    const { raw, server, tenant, choice } = await site();
    await using connection = server;
    const first = await setUp(connection, choice, plain);
    assert.deepEqual([first.problems, first.isComplete], [[], true]);
    assert.deepEqual(
      [first.abilities.lifecycle, first.abilities.dataStreamCalls, first.abilities.missingTypes.has('wildcard')],
      [undefined, false, true],
    );
    const second = await setUp(connection, choice, plain);
    assert.deepEqual(new Set(second.items.map(({ action }) => action)), new Set(['none']));

    const path = `/_index_template/tributary-platform-tenant-${tenant}`;
    const stored = at(await raw.ask('GET', path), 'index_templates', 0, 'index_template');
    const { created_date_millis: _created, modified_date_millis: _modified, ...content } = Object(stored);
    await raw.ask('PUT', path, { ...content, priority: 241 });
    const { items, problems } = await setUp(connection, choice, { ...plain, dryRun: true });
    assert.deepEqual(items.flatMap((item) => diffOf(item, false)).slice(2), [
      `@@ index template tributary-platform-tenant-${tenant}: changed, would be left @@`,
      '-priority: 241',
      '+priority: 240',
    ]);
    assert.deepEqual(problems, []);
    assert.match((await setUp(connection, choice, plain)).problems.join(), /was changed by somebody/);
    await setUp(connection, choice, { ...plain, force: true });
    assert.equal(at(await raw.ask('GET', path), 'index_templates', 0, 'index_template', 'priority'), 240);
  });

  test('documents get the mapping of ECS, of the pipeline, and of what is in neither', async () => {
    const { raw, server, tenant, choice } = await site();
    await using connection = server;
    await setUp(connection, choice, plain);
    const document = {
      '@timestamp': '2026-11-22T10:00:00Z',
      message: 'hello there',
      error: { code: 500, stack_trace: 'at x' },
      labels: { app: 'shop', 'app.kubernetes.io/name': 'shop', cores: 4 },
      http: { response: { status_code: 200, bytes: 5 }, request: { my_share: 0.5, my_text: '2026-11-22' } },
      source: { geo: { location: { lat: 48, lon: 16 } }, ip: '::1', nat: { ip: '10.0.0.1' } },
      log: { syslog: { structured_data: { origin: { a: 'b' } } } },
      email: { attachments: [{ file: { name: 'a', size: 5 } }] },
      app: { took_ms: 5, release: '1.2.3', ratio: 1, other: 7 },
      event: { original: 'hello there', risk_score: 5 },
      tributary: { stream: 'ab', position: 4 },
    };
    await raw.ask('POST', `/logs-app-${tenant}/_create/1`, document);
    const properties = at(await mappingOf(raw, `logs-app-${tenant}`), 'properties');
    const typeAt = (path: string): unknown =>
      at(properties, ...path.split('.').flatMap((name, index) => (index === 0 ? [name] : ['properties', name])), 'type');
    const types = {
      '@timestamp': 'date',
      message: 'text',
      'error.code': 'keyword',
      'error.stack_trace': 'keyword',
      'http.response.status_code': 'long',
      'http.response.bytes': 'long',
      'http.request.my_share': 'float',
      'http.request.my_text': 'keyword',
      'source.geo.location': 'geo_point',
      'source.ip': 'ip',
      'source.nat.ip': 'ip',
      'log.syslog.structured_data': 'flattened',
      'email.attachments': 'nested',
      'email.attachments.file.size': 'long',
      'app.took_ms': 'long',
      'app.release': 'keyword',
      'app.ratio': 'double',
      'app.other': 'long',
      'event.original': 'text',
      'event.risk_score': 'float',
      'tributary.position': 'long',
    };
    assert.deepEqual(Object.fromEntries(Object.keys(types).map((path) => [path, typeAt(path)])), types);
    const labels = Object.values(Object(at(properties, 'labels', 'properties')));
    assert.deepEqual(
      labels.map((one) => at(one, 'type')),
      ['keyword', 'keyword', 'keyword'],
    );
    assert.equal(
      (await raw.request('POST', `/logs-app-${tenant}/_create/2`, { '@timestamp': 1, error: { code: 'E500' } })).status,
      201,
    );
    assert.equal(
      (await raw.request('POST', `/logs-app-${tenant}/_create/3`, { '@timestamp': 1, app: { took_ms: 'long' } })).status,
      400,
    );
    assert.equal(at(await raw.ask('GET', `/_resolve/index/logs-app-${tenant}`), 'data_streams', 0, 'name'), `logs-app-${tenant}`);

    const metric = { '@timestamp': 1, system: { cpu: { total: { pct: 0 } } }, process: { pid: 7 } };
    await raw.ask('POST', `/metrics-system.cpu-${tenant}/_create/1`, metric);
    const measured = at(await mappingOf(raw, `metrics-system.cpu-${tenant}`), 'properties');
    assert.equal(at(measured, 'system', 'properties', 'cpu', 'properties', 'total', 'properties', 'pct', 'type'), 'double');
    assert.equal(at(measured, 'process', 'properties', 'pid', 'type'), 'long');
  });

  test('templates of others for the same names: the one of greater priority holds, as the server itself says', async () => {
    const { raw, server, tenant, choice } = await site();
    await using connection = server;
    await setUp(connection, choice, plain);
    const own = async (name: string, body?: object): Promise<unknown> =>
      at(await raw.ask('POST', `/_index_template/_simulate_index/${name}`, body), 'template', 'mappings', '_meta', 'managed_by');
    // As Elastic's integrations have them, for the names that the hub writes.
    const integration = { index_patterns: ['metrics-system.cpu-*'], priority: 200, data_stream: {}, template: {} };
    assert.equal(await own(`metrics-system.cpu-${tenant}`, integration), 'tributary');
    assert.equal(
      await own(`logs-app-${tenant}`, { index_patterns: ['logs-*-*'], priority: 100, data_stream: {}, template: {} }),
      'tributary',
    );
    // For all tenants ours come before Elastic's general ones, and behind what is for fewer names.
    const general = setupItems({ ...choice, tenants: undefined, types: [] }, await abilitiesOf(connection));
    const metrics = general.find(({ name }) => name === 'tributary-metrics');
    const priorityOf = metrics?.kind === 'index_template' ? metrics.content.priority : undefined;
    assert.ok(priorityOf !== undefined && priorityOf > 100 && priorityOf < 120);
    const builtIn = `builtin-${tenant}`;
    await raw.ask('PUT', `/_index_template/${builtIn}`, {
      index_patterns: [`metrics-*-x${tenant}`],
      priority: 100,
      data_stream: {},
    });
    assert.equal(await own(`metrics-any-x${tenant}`, { ...Object(metrics?.content) }), 'tributary');
    await raw.ask('PUT', `/_index_template/${builtIn}`, {
      index_patterns: [`metrics-*-x${tenant}`],
      priority: 120,
      data_stream: {},
    });
    assert.equal(await own(`metrics-any-x${tenant}`, { ...Object(metrics?.content) }), undefined);
    await raw.ask('DELETE', `/_index_template/${builtIn}`);
  });

  test('daily indices have an alias for all days, and are no data streams', async () => {
    const { raw, server, tenant, choice } = await site();
    await using connection = server;
    await setUp(connection, choice, plain);
    await setUp(connection, { ...choice, indices: 'daily' }, plain);
    const alias = `logs-app-${tenant}`;
    for (const day of ['2026.11.21', '2026.11.22', '2026.11.22'])
      await makeDailyIndex(connection, { index: `${alias}-${day}`, alias });
    await raw.ask('POST', `/${alias}-2026.11.23/_create/1`, { '@timestamp': 1, app: { took_ms: 1 } });
    await makeDailyIndex(connection, { index: `${alias}-2026.11.23`, alias });
    assert.deepEqual(
      Object.keys(Object(await raw.ask('GET', `/_alias/${alias}`))).toSorted(),
      ['21', '22', '23'].map((day) => `${alias}-2026.11.${day}`),
    );
    const mapping = await mappingOf(raw, `${alias}-2026.11.23`);
    assert.equal(at(mapping, '_meta', 'managed_by'), 'tributary');
    assert.equal(at(mapping, 'properties', 'app', 'properties', 'release', 'type'), 'keyword');
  });

  test('daily indices of several tenants are set up side by side', async () => {
    const { server, tenant, choice } = await site();
    await using connection = server;
    const tenants = [`${tenant}_a`, `${tenant}_b`];
    const types = tenants.map((one) => ({ type: 'app', tenant: one, fields: { 'app.took_ms': 'long' as const } }));
    assert.deepEqual((await setUp(connection, { ...choice, tenants, types, indices: 'daily' }, plain)).problems, []);
    assert.deepEqual((await setUp(connection, { ...choice, indices: 'daily' }, plain)).problems, []);
  });

  test('settings of a person in tributary-custom win, and fields beyond the limit refuse no document', async () => {
    const { raw, server, tenant, choice } = await site();
    await using connection = server;
    // Nobody else's log type has what is made for this one.
    const type = `type_${tenant}`;
    await setUp(connection, { ...choice, types: [{ type, tenant, fields: { 'app.took_ms': 'long' } }] }, plain);
    const name = `logs-${type}-${tenant}`;
    const custom = `/_component_template/tributary-logs-${type}-custom`;
    await raw.ask('PUT', custom, { template: { settings: { 'index.mode': 'logsdb' } } });
    const simulated = await raw.ask('POST', `/_index_template/_simulate_index/${name}`);
    assert.equal(at(simulated, 'template', 'settings', 'index', 'mode'), 'logsdb');
    await raw.ask('PUT', custom, { template: {} });
    const many = Object.fromEntries(Array.from({ length: 1200 }, (_, index) => [`field_${index}`, index]));
    assert.equal((await raw.request('POST', `/${name}/_create/many`, { '@timestamp': 1, many })).status, 201);
    const settings = Object.values(Object(await raw.ask('GET', `/${name}/_settings?flat_settings=true`)))[0];
    const texts = ['index.mode', 'index.translog.durability', 'index.codec'].map((one) => at(settings, 'settings', one));
    assert.deepEqual(texts, ['standard', 'request', 'best_compression']);
  });

  test('lifecycle and failure store of templates are parsed by the server, which cannot do them here', async () => {
    const { raw, server, choice } = await site();
    await using connection = server;
    await setUp(connection, choice, plain);
    const able = { ...(await abilitiesOf(connection)), lifecycle: 'data_stream', failureStore: true } as const;
    const items = setupItems({ ...choice, retentionMs: 30 * 86_400_000, rejected: 'failure_store' }, able);
    const item = items.find(({ kind }) => kind === 'index_template');
    assert.ok(item !== undefined);
    await raw.ask('PUT', pathOf(item.kind, item.name), markedBody(item));
    const simulated = await raw.ask('POST', `/_index_template/_simulate/${item.name}`);
    assert.deepEqual(at(simulated, 'template', 'lifecycle'), { enabled: true, data_retention: '30d' });
    assert.deepEqual(at(simulated, 'template', 'data_stream_options'), { failure_store: { enabled: true } });
  });
});
