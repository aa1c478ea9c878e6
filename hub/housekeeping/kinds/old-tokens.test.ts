import assert from 'node:assert/strict';
import { test } from 'node:test';
import { housekeepingOptions } from '../../config/housekeeping-options.ts';
import { testApiToken, testToken } from '../../registry/fixture.ts';
import type { ApiTokenRecord, EnrolmentTokenRecord } from '../../registry/registry.ts';
import { retentionOf } from '../retention.ts';
import { oldTokens } from './old-tokens.ts';

const dayMs = 86_400_000;
const nowMs = 1000 * dayMs;

const daysAgo = (days: number): number => nowMs - days * dayMs;

class TestRegistry {
  enrolment: EnrolmentTokenRecord[] = [];
  api: ApiTokenRecord[] = [];
  readonly forgotten: [readonly string[], number][] = [];

  async enrolmentTokens(): Promise<readonly EnrolmentTokenRecord[]> {
    return this.enrolment;
  }

  async apiTokens(): Promise<readonly ApiTokenRecord[]> {
    return this.api;
  }

  async forgetTokens(tokenIds: readonly string[], overBeforeMs: number): Promise<void> {
    this.forgotten.push([tokenIds, overBeforeMs]);
  }
}

async function planOf(registry: TestRegistry, ...rules: readonly object[]): Promise<string[]> {
  const retention = retentionOf(housekeepingOptions.parse({ retention: rules }));
  const kind = oldTokens({ registry, retention: () => retention });
  const plan = await Array.fromAsync(kind.plan(nowMs));
  for (const removal of plan) await kind.remove(removal, () => undefined);
  return plan.map(({ subject, tenant }) => `${subject} ${tenant}`);
}

test('tokens go that expired, were revoked or used up 30 days ago, and no other', async () => {
  const registry = new TestRegistry();
  const good = { createdMs: daysAgo(400), expiresMs: daysAgo(-1), revokedMs: undefined, uses: 0, usesMax: 1 };
  registry.enrolment = [
    testToken('good', good),
    testToken('expired', { ...good, expiresMs: daysAgo(31) }),
    testToken('lately', { ...good, expiresMs: daysAgo(29) }),
    testToken('revoked', { ...good, revokedMs: daysAgo(31) }),
    testToken('used', { ...good, uses: 1, createdMs: daysAgo(31) }),
    testToken('many', { ...good, uses: 1, usesMax: 2 }),
  ].map((token) => ({ ...token, tenants: ['shop'] }));
  const lasting = { createdMs: daysAgo(400), expiresMs: undefined, revokedMs: undefined };
  registry.api = [
    testApiToken('lasting', lasting),
    testApiToken('ended', { ...lasting, expiresMs: daysAgo(31) }),
    testApiToken('recalled', { ...lasting, revokedMs: daysAgo(31) }),
  ].map((token) => ({ ...token, tenant: 'shop' }));
  assert.deepEqual(await planOf(registry), [
    'enrolment token expired shop',
    'enrolment token revoked shop',
    'enrolment token used shop',
    'API token ended shop',
    'API token recalled shop',
  ]);
  assert.deepEqual(registry.forgotten[0], [['expired'], daysAgo(31) + 1]);
});

test('rules hold by tenant and kind of token, and of several tenants the longest', async () => {
  const registry = new TestRegistry();
  const over = { createdMs: daysAgo(400), expiresMs: daysAgo(5), revokedMs: undefined, uses: 0, usesMax: 1 };
  registry.enrolment = [
    { ...testToken('own', over), tenants: ['shop'] },
    { ...testToken('both', over), tenants: ['shop', 'bank'] },
    { ...testToken('all', over), tenants: 'all' },
  ];
  registry.api = [{ ...testApiToken('api', { expiresMs: daysAgo(5) }), tenant: 'shop' }];
  const rules = [
    { kind: 'tokens', tenant: 'shop', type: 'enrolment', age: '1d' },
    { kind: 'tokens', tenant: 'bank', age: '6d' },
  ];
  assert.deepEqual(await planOf(registry, ...rules), ['enrolment token own shop']);
  assert.deepEqual(await planOf(registry, ...rules, { kind: 'tokens', age: '4d' }), [
    'enrolment token own shop',
    'enrolment token all undefined',
    'API token api shop',
  ]);
});
