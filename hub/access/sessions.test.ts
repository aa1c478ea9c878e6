import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import type { AuditEvent, SessionRecord, UserRecord } from '../registry/registry.ts';
import type { Grant } from './access.ts';
import { Sessions, type SessionRegistry } from './sessions.ts';

const shop: Grant = { tenant: 'shop', role: 'viewer' };
const site: Grant = { tenant: '*', role: 'admin' };
const audit: AuditEvent = {
  action: 'user-logged-in',
  actor: 'anna',
  address: '',
  outcome: 'success',
  tenant: undefined,
  details: {},
};

interface Fixture {
  readonly kept: Map<string, SessionRecord>;
  readonly users: Map<string, UserRecord>;
  readonly registry: SessionRegistry;
  nowMs: number;
  /** As a hub with this configuration has them. */
  readonly sessions: (providerGrants: readonly Grant[], maxAgeMs?: number) => Sessions;
}

function fixture(): Fixture {
  const kept = new Map<string, SessionRecord>();
  const users = new Map<string, UserRecord>();
  const registry: SessionRegistry = {
    user: (name) => users.get(name),
    session: (idHash) => kept.get(idHash),
    putSession: async (session) => void kept.set(session.idHash, session),
    removeSession: async (idHash) => void kept.delete(idHash),
  };
  const made: Fixture = {
    kept,
    users,
    registry,
    nowMs: 1_000_000,
    sessions: (providerGrants, maxAgeMs = 10_000) =>
      new Sessions({ registry, clock: { ...systemClock, now: () => made.nowMs }, maxAgeMs, providerGrants }),
  };
  return made;
}

test('what is kept of a session signs nobody in', async () => {
  const { sessions, kept } = fixture();
  const of = sessions([shop]);
  const begun = await of.begin({ name: 'anna', grants: [shop] }, audit);
  assert.ok(begun);
  const stored = JSON.stringify([...kept.values()]);
  assert.equal(stored.includes(begun.sessionId), false);
  assert.equal(stored.includes(begun.csrfToken), false);
  const [idHash = ''] = kept.keys();
  for (const wrong of [idHash, idHash.slice(0, 43), '', `${begun.sessionId}A`, begun.sessionId.slice(1)]) {
    assert.equal(of.find(wrong), undefined);
  }
  assert.deepEqual(of.find(begun.sessionId), begun);
});

test("a session from the provider has what the configuration still gives, and ends at today's age", async () => {
  const made = fixture();
  const begun = await made.sessions([shop, site]).begin({ name: 'anna', grants: [shop, site] }, audit);
  assert.ok(begun);
  const { sessionId } = begun;
  assert.deepEqual(made.sessions([shop, site]).find(sessionId)?.grants, [shop, site]);
  assert.deepEqual(made.sessions([shop]).find(sessionId)?.grants, [shop]);
  assert.equal(made.sessions([{ tenant: 'shop', role: 'admin' }]).find(sessionId), undefined);
  assert.equal(made.sessions([]).find(sessionId), undefined, 'there is no provider any more');
  made.nowMs += 5000;
  assert.equal(made.sessions([shop], 5000).find(sessionId), undefined);
  assert.ok(made.sessions([shop], 20_000).find(sessionId));
  made.nowMs += 5000;
  assert.equal(made.sessions([shop], 20_000).find(sessionId), undefined, 'a longer age prolongs nothing');
});

test('an account that was made anew has no sessions of the one before', async () => {
  const made = fixture();
  const of = made.sessions([]);
  const anna = { name: 'anna', passwordHash: 'x', mustChange: false, grants: [shop], createdMs: made.nowMs, disabled: false };
  made.users.set('anna', anna);
  const begun = await of.begin({ name: 'anna', grants: undefined }, audit);
  assert.ok(begun && of.find(begun.sessionId));
  made.users.set('anna', { ...anna, createdMs: made.nowMs + 1 });
  assert.equal(of.find(begun.sessionId), undefined);
  made.users.delete('anna');
  assert.equal(await of.begin({ name: 'anna', grants: undefined }, audit), undefined);
});
