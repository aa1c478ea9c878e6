import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PipelineSet } from '../../../processing/definition/pipeline-set.ts';
import { namesBelowValues, nestedProperties } from './field-mappings.ts';
import { typeFieldsOf } from './type-fields.ts';

const steps = 'steps: [ { drop: {} } ]';
const set: PipelineSet = {
  sources: [
    { name: 'app', file: 'app.yaml', text: `fields: { app.took_ms: long, app.code: keyword }\n${steps}` },
    { name: 'other', file: 'other.yaml', text: `fields: { app.code: long, app.more: ip }\n${steps}` },
    { name: 'bad', file: 'bad.yaml', text: 'steps: 5' },
    { name: 'bare', file: 'bare.yaml', text: steps },
    { name: 'mine', file: 'mine.yaml', text: 'fields: { mine.x: long }\nsteps: [ { preset: nginx } ]' },
  ],
  rules: [{ tenant: 'shop', type: 'app', pipeline: 'other' }],
};

test('a log type has the fields that its pipeline and the presets in it declare', () => {
  const found = typeFieldsOf({ set, env: {}, tenants: ['shop', 'blog'], types: undefined });
  const named = new Map(found.map(({ type, tenant, fields }) => [`${tenant}/${type}`, fields]));
  assert.deepEqual([...named.keys()].toSorted(), ['blog/app', 'blog/mine', 'blog/other', 'shop/app', 'shop/mine', 'shop/other']);
  assert.deepEqual(named.get('shop/app'), { 'app.code': 'long', 'app.more': 'ip' });
  assert.deepEqual(named.get('blog/app'), { 'app.took_ms': 'long', 'app.code': 'keyword' });
  assert.equal(named.get('shop/mine')?.['mine.x'], 'long');
  assert.ok(Object.keys(named.get('shop/mine') ?? {}).some((name) => name.startsWith('nginx.')));
});

test('where tenants have other pipelines and none are named, what these contradict each other in is left open', () => {
  const found = typeFieldsOf({ set, env: {}, tenants: undefined, types: ['app'] });
  assert.deepEqual(found, [{ type: 'app', tenant: undefined, fields: { 'app.took_ms': 'long', 'app.more': 'ip' } }]);
});

test('a field below one that has a value is found, and left out of the mapping', () => {
  const fields = { app: 'keyword', 'app.x': 'long', 'list.a': 'long', list: 'nested', one: 'object', 'one.two': 'ip' } as const;
  assert.deepEqual(namesBelowValues(Object.entries(fields)), ['app.x']);
  assert.deepEqual(nestedProperties(Object.entries(fields).map(([name, type]) => [name, { type }])), {
    app: { type: 'keyword' },
    list: { type: 'nested', properties: { a: { type: 'long' } } },
    one: { properties: { two: { type: 'ip' } } },
  });
});
