import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lifecycleNote, lifecycleOf } from './lifecycle.ts';
import { type SetupChoice, setupChoice } from './setup-choice.ts';

const day = 86_400_000;
const choice: SetupChoice = { indices: 'data_stream', rejected: 'dead_letters', types: [], retentionMs: 30 * day };
const shop: SetupChoice = { ...choice, tenants: ['shop'] };

test('the server deletes only what belongs to the tenants that are named', () => {
  assert.deepEqual(lifecycleOf(choice, { lifecycle: 'data_stream' }).template, { lifecycle: { enabled: true } });
  assert.match(lifecycleNote(choice, { lifecycle: 'data_stream' }) ?? '', /left to the hub's housekeeping/);
  assert.deepEqual(lifecycleOf(shop, { lifecycle: 'data_stream' }).template, {
    lifecycle: { enabled: true, data_retention: '30d' },
  });
  assert.equal(lifecycleNote(shop, { lifecycle: 'data_stream' }), undefined);
});

test('a policy rolls over the sooner the shorter it keeps, and has its retention in its name', () => {
  const ages = [1, 3, 30, 400].map((days) => {
    const { items, template } = lifecycleOf({ ...shop, retentionMs: days * day }, { lifecycle: 'policies' });
    const [policy] = items;
    assert.ok(policy?.kind === 'lifecycle_policy');
    assert.deepEqual(template, { settings: { index: { lifecycle: { name: `tributary-${days}d` } } } });
    assert.equal(policy.content.policy.phases.delete?.min_age, `${days}d`);
    return policy.content.policy.phases.hot?.actions?.rollover?.max_age;
  });
  assert.deepEqual(ages, ['1h', '1d', '7d', '30d']);
  const { items } = lifecycleOf(choice, { lifecycle: 'policies' });
  assert.ok(items[0]?.kind === 'lifecycle_policy' && items[0].content.policy.phases.delete === undefined);
});

test('daily indices, and servers without it, have none', () => {
  for (const one of [
    lifecycleOf({ ...shop, indices: 'daily' }, { lifecycle: 'data_stream' }),
    lifecycleOf(shop, { lifecycle: undefined }),
  ])
    assert.deepEqual(one, { items: [], template: {} });
});

test('the server keeps what some rule of housekeeping keeps longest', () => {
  const fixed = { indices: 'data_stream', rejected: 'dead_letters' } as const;
  const output = { ...fixed, retention: 30 * day, tenants: ['shop'] };
  const rules = [
    { kind: 'indices', tenant: 'shop', type: 'audit', age: 365 * day },
    { kind: 'indices', type: 'debug', age: day },
    { kind: 'indices', tenant: 'blog', age: 900 * day },
    { kind: 'archive', age: 3000 * day },
  ] satisfies Parameters<typeof setupChoice>[2];
  assert.equal(setupChoice(output, [], rules).retentionMs, 365 * day);
  const audit = [...rules, { kind: 'audit', age: 2000 * day } as const];
  assert.equal(setupChoice(output, [], audit).retentionMs, 2000 * day);
  assert.equal(setupChoice(output, [], []).retentionMs, 30 * day);
  assert.equal(setupChoice({ ...fixed, tenants: ['shop'] }, [], rules).retentionMs, undefined);
});
