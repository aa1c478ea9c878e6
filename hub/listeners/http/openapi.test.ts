import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PeopleClient } from '../../testing/people-client.ts';
import { PeopleServer } from '../../testing/people-server.ts';
import { errorCodes } from './error-codes.ts';

/** The page itself is for browsers. */
const described = /^\/(api\/|metrics|live|ready)/;

test('every route says what it does, and is in the description', async () => {
  await using server = await PeopleServer.start();
  const { body } = await new PeopleClient(server.url, await server.addToken('*', 'read')).call('GET', '/api/v1/openapi.json');
  assert.equal(body?.['openapi'], '3.1.0');
  const paths = new Map(Object.entries(Object(body['paths'])));
  const routes = server.listener.routes.filter(({ url, method }) => described.test(url) && method !== 'HEAD');
  assert.ok(routes.length > 40);
  for (const { method, url, about } of routes) {
    assert.ok(about !== undefined, `${method} ${url} has no about: what does it take and answer?`);
    const path = paths.get(url.replaceAll(/:(\w+)/g, '{$1}'));
    const operation: unknown = Object(path)[method.toLowerCase()];
    assert.equal(Object(operation)['summary'], about.summary, `${method} ${url}`);
  }
});

test('the description tells parameters, bodies and answers by the schemas that are checked', async () => {
  await using server = await PeopleServer.start();
  const { body } = await new PeopleClient(server.url, await server.addToken('*', 'read')).call('GET', '/api/v1/openapi.json');
  const at = (...path: readonly string[]): unknown => path.reduce<unknown>((value, name) => Object(value)[name], body);
  const search = at('paths', '/api/v1/search', 'get', 'parameters');
  assert.ok(Array.isArray(search));
  const limit: unknown = search.find((one: unknown) => Object(one)['name'] === 'limit');
  assert.deepEqual(Object(limit), { name: 'limit', in: 'query', required: false, schema: Object(limit)['schema'] });
  assert.equal(Object(Object(limit)['schema'])['maximum'], 1000);
  const revoke = at('paths', '/api/v1/tokens/{id}', 'delete', 'parameters');
  assert.deepEqual(Object(Array.isArray(revoke) ? revoke[0] : undefined)['required'], true);
  assert.equal(at('paths', '/api/v1/pipelines/{type}/preview', 'post', 'requestBody', 'required'), true);
  const answer = at('paths', '/api/v1/search', 'get', 'responses', '200', 'content', 'application/json', 'schema', 'properties');
  assert.ok(Object.hasOwn(Object(answer), 'records'));
});

test('the description is one that tools can read: references lead somewhere, and schemas say nothing but JSON Schema', async () => {
  await using server = await PeopleServer.start();
  const { body } = await new PeopleClient(server.url, await server.addToken('*', 'read')).call('GET', '/api/v1/openapi.json');
  const ids: unknown[] = [];
  for (const [path, methods] of Object.entries(Object(body?.['paths']))) {
    for (const operation of Object.values<Record<string, unknown>>(Object(methods))) {
      ids.push(operation['operationId']);
      const { parameters } = operation;
      assert.ok(Array.isArray(parameters));
      const named = parameters.filter((one: unknown) => Object(one)['in'] === 'path').map((one: unknown) => Object(one)['name']);
      assert.deepEqual(
        named,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        path,
      );
    }
  }
  assert.equal(new Set(ids).size, ids.length);
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"([^"]*)"/g)].map(([, to = '']) => to);
  assert.ok(references.includes('#/components/schemas/get_sites.output.__schema0'), 'a site has sites');
  for (const reference of references) {
    const [root, ...names] = reference.split('/');
    const found = names.reduce<unknown>((value, name) => Object(value)[name], body);
    assert.ok(root === '#' && found !== undefined, reference);
  }
  for (const schema of schemasIn(body)) {
    const unknown = Object.keys(schema).filter((word) => !schemaWords.has(word));
    assert.deepEqual(unknown, [], JSON.stringify(schema));
  }
});

const schemaWords: ReadonlySet<string> = new Set(
  (
    '$ref type const enum default description properties required additionalProperties propertyNames items prefixItems ' +
    'minItems maxItems minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format anyOf oneOf allOf not'
  ).split(' '),
);

/** What stands at `schema` and under `components.schemas`, with all that is in it. */
function* schemasIn(document: unknown): Generator<Record<string, unknown>> {
  yield* Object.values<Record<string, unknown>>(Object(Object(document)['components'])['schemas']).flatMap(withInner);
  const open: unknown[] = [Object(document)['paths']];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    for (const [name, value] of Object.entries(Object(one))) {
      if (name === 'schema') yield* withInner(Object(value));
      else if (typeof value === 'object' && value !== null) open.push(value);
    }
  }
}

function withInner(schema: Record<string, unknown>): Record<string, unknown>[] {
  const { properties, items, additionalProperties, propertyNames, anyOf, oneOf, allOf } = schema;
  const several = [properties, anyOf, oneOf, allOf].flatMap((inner) => Object.values<unknown>(Object(inner)));
  const all = [...several, items, additionalProperties, propertyNames].filter((inner) => typeof inner === 'object');
  return [schema, ...all.flatMap((inner) => withInner(Object(inner)))];
}

test('who has an answer already is told that it still holds', async () => {
  await using server = await PeopleServer.start();
  const client = new PeopleClient(server.url, await server.addToken('*', 'read'));
  const first = await client.call('GET', '/api/v1/status');
  const etag = first.headers.get('etag') ?? '';
  assert.match(etag, /^W\/"[\w-]{27}"$/);
  const again = await client.call('GET', '/api/v1/status', undefined, { 'if-none-match': `"other", ${etag}` });
  assert.deepEqual([again.status, again.text, again.headers.get('etag')], [304, '', etag]);
  assert.equal(again.headers.get('content-length'), null, 'it would be that of the answer');
  const head = await client.call('HEAD', '/api/v1/status');
  assert.deepEqual([head.status, head.text, head.headers.get('etag')], [200, '', etag]);
  assert.equal(head.headers.get('content-length'), String(first.text.length));
  const same = await client.call('HEAD', '/api/v1/status', undefined, { 'if-none-match': etag });
  assert.deepEqual([same.status, same.headers.get('etag'), same.headers.get('content-length')], [304, etag, null]);
  const other = await client.call('GET', '/api/v1/status', undefined, { 'if-none-match': 'W/"other"' });
  assert.deepEqual([other.status, other.text], [200, first.text]);
  assert.equal((await client.call('GET', '/api/v1/nothing')).headers.get('etag'), null);
});

test('every code that a refusal has is told of', () => {
  const folder = join(import.meta.dirname, '..', '..');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('node_modules'),
  );
  const used = files.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/new HttpError\(\s*\d+,\s*'([a-z-]+)'/g)].map(([, code = '']) => code),
  );
  assert.ok(used.length > 40);
  assert.deepEqual([...new Set(used)].filter((code) => !Object.hasOwn(errorCodes, code)).toSorted(), []);
});
