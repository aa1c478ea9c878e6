import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PretendedElasticsearch } from '../../../testing/pretended-elasticsearch.ts';
import { setUp } from './set-up.ts';
import type { SetupChoice } from './setup-choice.ts';

const choice: SetupChoice = { indices: 'data_stream', rejected: 'dead_letters', types: [] };
const plain = { dryRun: false, force: false };

/** As a server with all of Elastic's own and one integration has them. */
function serverOfOthers(): PretendedElasticsearch {
  const server = new PretendedElasticsearch();
  server.stored.set('/_index_template/logs', { index_patterns: ['logs-*-*'], priority: 100 });
  server.stored.set('/_index_template/metrics', { index_patterns: ['metrics-*-*'], priority: 100 });
  server.stored.set('/_index_template/logs-otel@template', { index_patterns: ['logs-*.otel-*'], priority: 120 });
  server.stored.set('/_index_template/logs-nginx.access', { index_patterns: ['logs-nginx.access-*'], priority: 200 });
  return server;
}

test("Elastic's own general templates, OpenTelemetry's and those of integrations for logs are in nobody's way", async () => {
  assert.deepEqual((await setUp(serverOfOthers(), choice, plain)).problems, []);
});

test('a template of somebody else that takes names of the hub is told, until the tenants are named', async () => {
  const server = serverOfOthers();
  server.stored.set('/_index_template/metrics-system.cpu', { index_patterns: ['metrics-system.cpu-*'], priority: 200 });
  assert.deepEqual((await setUp(server, choice, plain)).problems, [
    'metrics-system.cpu-* gets the template metrics-system.cpu (priority 200) of somebody else: name the `tenants` of the output, so that its templates come first',
  ]);
  assert.deepEqual((await setUp(server, { ...choice, tenants: ['shop'] }, plain)).problems, []);
});

test('data streams of others that would get these templates are told', async () => {
  const server = serverOfOthers();
  const streams = ['logs-shop.own-default', 'logs-nginx.access-default', 'logs-app-shop'];
  server.answer = ({ path }) => {
    if (path.startsWith('/_resolve/index/'))
      return {
        status: 200,
        body: { indices: [], data_streams: streams.map((name) => ({ name, backing_indices: [`.ds-${name}-1`] })) },
      };
    if (path.endsWith('/_mapping'))
      return { status: 200, body: { '.ds-logs-app-shop-1': { mappings: { _meta: { managed_by: 'tributary' } } } } };
    return undefined;
  };
  const { problems } = await setUp(server, choice, plain);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /not made by Tributary.*: logs-shop\.own-default; name/);
});
