import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PretendedElasticsearch } from '../../../testing/pretended-elasticsearch.ts';
import type { ItemAction } from './apply-setup.ts';
import { setUp, type SetupReport } from './set-up.ts';
import type { SetupChoice } from './setup-choice.ts';
import { diffOf } from './setup-diff.ts';
import { member, SetupError } from './setup-server.ts';

const choice: SetupChoice = {
  indices: 'data_stream',
  rejected: 'dead_letters',
  types: [{ type: 'app', fields: { 'app.took_ms': 'long' } }],
};
const plain = { dryRun: false, force: false };

function actionsOf({ items }: SetupReport): Record<string, ItemAction> {
  return Object.fromEntries(items.map(({ item, action }) => [`${item.kind} ${item.name}`, action]));
}

function stored(server: PretendedElasticsearch, path: string): object {
  const found = server.stored.get(path);
  assert.ok(found !== undefined, path);
  return found;
}

test('a second run finds everything as it is to be and writes nothing', async () => {
  const server = new PretendedElasticsearch();
  const first = await setUp(server, choice, plain);
  assert.deepEqual(actionsOf(first), {
    'component_template tributary-component-settings': 'created',
    'component_template tributary-component-metrics': 'created',
    'component_template tributary-component-ecs': 'created',
    'index_template tributary-logs': 'created',
    'index_template tributary-metrics': 'created',
    'index_template tributary-platform': 'created',
    'index_template tributary-logs-type-app': 'created',
  });
  assert.deepEqual([first.problems, first.notes, first.isComplete], [[], [], true]);
  const writes = server.writes.length;
  const second = await setUp(server, choice, plain);
  assert.deepEqual(new Set(Object.values(actionsOf(second))), new Set(['none']));
  assert.equal(server.writes.length, writes);
});

test('what would change is told by its paths, and nothing is written', async () => {
  const server = new PretendedElasticsearch();
  await setUp(server, choice, plain);
  const writes = server.writes.length;
  const { items } = await setUp(server, { ...choice, replicas: 2 }, { dryRun: true, force: false });
  assert.deepEqual(
    items.flatMap((item) => diffOf(item, false)),
    [
      '--- a/_component_template/tributary-component-settings',
      '+++ b/_component_template/tributary-component-settings',
      '@@ component template tributary-component-settings: outdated, would be updated @@',
      '-template.settings.index.auto_expand_replicas: "0-1"',
      '+template.settings.index.auto_expand_replicas: "false"',
      '+template.settings.index.number_of_replicas: "2"',
    ],
  );
  assert.equal(server.writes.length, writes);
});

test('what a person changed is left and told, and overwritten only when that is asked for', async () => {
  const server = new PretendedElasticsearch();
  await setUp(server, choice, plain);
  const path = '/_index_template/tributary-logs';
  const changed = { ...stored(server, path), priority: 400 };
  server.stored.set(path, changed);
  const left = await setUp(server, choice, plain);
  assert.equal(actionsOf(left)['index_template tributary-logs'], 'left');
  assert.match(left.problems.join(), /tributary-logs was changed by somebody since the hub wrote it, and stays/);
  assert.equal(left.isComplete, true);
  assert.equal(stored(server, path), changed);
  const forced = await setUp(server, choice, { ...plain, force: true });
  assert.equal(actionsOf(forced)['index_template tributary-logs'], 'overwritten');
  assert.equal(member(stored(server, path), 'priority'), 110);
});

test('what was there before the hub, and what a newer hub wrote, is left', async () => {
  const server = new PretendedElasticsearch();
  const foreign = { index_patterns: ['logs-*-*'], priority: 300 };
  server.stored.set('/_index_template/tributary-logs', foreign);
  await setUp(server, choice, plain);
  assert.equal(stored(server, '/_index_template/tributary-logs'), foreign);

  const newer = new PretendedElasticsearch();
  await setUp(newer, { ...choice, replicas: 3 }, plain);
  const path = '/_component_template/tributary-component-settings';
  const written = stored(newer, path);
  newer.stored.set(path, { ...written, _meta: { ...Object(member(written, '_meta')), version: 1000 } });
  const { problems } = await setUp(newer, choice, plain);
  assert.deepEqual(problems, ['tributary-component-settings was written by a newer release of the hub, and stays as it is']);
});

test('of two that make the same at once neither is refused', async () => {
  const server = new PretendedElasticsearch();
  server.answer = (request) => {
    if (request.method !== 'PUT' || !server.requests.includes(request) || server.stored.has(request.path)) return undefined;
    server.answer = undefined;
    void server.request(request);
    return { status: 400, body: { error: { reason: 'component template [tributary-component-settings] already exists' } } };
  };
  const { items } = await setUp(server, choice, plain);
  assert.deepEqual(new Set(items.map(({ action }) => action)), new Set(['created']));
});

test('a template that the server refuses holds up no other, and for one log type nothing waits', async () => {
  const server = new PretendedElasticsearch();
  server.answer = ({ method, path }) =>
    method === 'PUT' && path.endsWith('type-app') ? { status: 400, body: { error: { reason: 'mapping is wrong' } } } : undefined;
  const forType = await setUp(server, choice, plain);
  assert.deepEqual(forType.problems, ['tributary-logs-type-app is refused by the server: mapping is wrong']);
  assert.equal(forType.isComplete, true);
  server.answer = ({ method, path }) =>
    method === 'PUT' && path.endsWith('-ecs') ? { status: 400, body: { error: { reason: 'mapping is wrong' } } } : undefined;
  const force = { dryRun: false, force: true };
  assert.equal((await setUp(new PretendedElasticsearch(), choice, force)).isComplete, true);
  server.stored.clear();
  const general = await setUp(server, choice, plain);
  assert.equal(general.isComplete, false);
  assert.equal(actionsOf(general)['index_template tributary-logs'], 'created');
});

test('who may not ask, and what is no Elasticsearch 8 or 9, ends the set-up with a sentence', async () => {
  const answers: [object, number, RegExp][] = [
    [{ error: { reason: 'unable to authenticate' } }, 401, /does not know these credentials.*unable to authenticate/],
    [{ error: { reason: 'action is unauthorized' } }, 403, /does not allow it to this user or key/],
    [{ version: { number: '7.17.0' } }, 200, /is Elasticsearch 7\.17\.0: version 8 or 9 is needed/],
    [{ version: { number: '2.0.0', distribution: 'opensearch' } }, 200, /is opensearch: Elasticsearch 8 or 9/],
    [{ hello: 'there' }, 200, /no Elasticsearch/],
  ];
  for (const [body, status, expected] of answers) {
    const server = new PretendedElasticsearch();
    server.answer = () => ({ status, body });
    await assert.rejects(setUp(server, choice, plain), (error: Error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, expected);
      return true;
    });
    server.answer = undefined;
    assert.equal((await setUp(server, choice, plain)).isComplete, true, 'asked again after a failure');
  }
});

test('what a server lacks is done otherwise, and said', async () => {
  const server = new PretendedElasticsearch({
    lifecycle: 'none',
    refuses: ['match_only_text', 'failure_store', 'subobjects', 'ignore_dynamic'],
  });
  const { notes, abilities, isComplete } = await setUp(server, { ...choice, rejected: 'failure_store' }, plain);
  assert.deepEqual(
    [abilities.lifecycle, abilities.failureStore, [...abilities.missingTypes], isComplete],
    [undefined, false, ['match_only_text'], true],
  );
  for (const part of [/match_only_text/, /no lifecycle calls/, /no failure store/, /labels/, /more fields/])
    assert.ok(
      notes.some((note) => part.test(note)),
      String(part),
    );
  const before = new PretendedElasticsearch({
    version: '8.2.0',
    refuses: ['["a.b","c.d"]', 'ignore_missing_component_templates'],
  });
  assert.equal((await setUp(before, choice, plain)).isComplete, true);
  const ecs = JSON.stringify(stored(before, '/_component_template/tributary-component-ecs'));
  assert.ok(ecs.includes('"structured_data"') && !ecs.includes('ecs_keyword'), 'all of ECS is named');
});
