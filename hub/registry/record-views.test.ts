import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentView, apiTokenView, enrolmentTokenView, userView } from './record-views.ts';
import type { Agent, ApiTokenRecord, EnrolmentTokenRecord } from './registry.ts';

const agent: Agent = {
  agentId: 'a1'.repeat(16),
  kind: 'hub',
  siteId: 'd4'.repeat(16),
  tenants: 'all',
  labels: {},
  host: 'web1',
  instanceId: 'b2'.repeat(16),
  fingerprints: [],
  notAfterMs: 0,
  enrolledMs: 0,
  tokenId: 'abcdefgh',
  state: 'active',
  bootId: '',
  startCounter: 0,
  lastSeenMs: undefined,
  retiredBoots: [],
  refusedCopy: { seenMs: 1000, address: '192.0.2.1', bootId: 'c3'.repeat(16) },
};

test('all tenants are *, and what never was is null', () => {
  assert.partialDeepStrictEqual(agentView(agent), {
    tenants: '*',
    enrolled: '1970-01-01T00:00:00.000Z',
    certificateExpires: null,
    lastSeen: null,
    refusedCopy: { seen: '1970-01-01T00:00:01.000Z', address: '192.0.2.1' },
  });
  assert.deepEqual(agentView({ ...agent, tenants: ['shop'] })['tenants'], ['shop']);
});

test('no hash of a secret is in any of them', () => {
  const times = { createdMs: 0, createdBy: 'console:root', revokedMs: undefined };
  const common = { tokenId: 'abcdefgh', secretHash: 'hash-of-it', ...times };
  const api: ApiTokenRecord = { ...common, tenant: 'shop', scope: 'read', note: '', expiresMs: undefined, lastUsedMs: undefined };
  const enrolment: EnrolmentTokenRecord = {
    ...common,
    kind: 'agent',
    tenants: ['shop'],
    labels: {},
    usesMax: 1,
    uses: 0,
    expiresMs: 0,
  };
  const user = userView({
    name: 'admin',
    passwordHash: 'hash-of-it',
    mustChange: false,
    grants: [],
    createdMs: 0,
    disabled: false,
  });
  const told = JSON.stringify([apiTokenView(api), enrolmentTokenView(enrolment), user]);
  assert.equal(told.includes('hash-of-it'), false, told);
  assert.equal(user['by'], 'password');
});
