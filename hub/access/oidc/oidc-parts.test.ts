import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { hubOptions } from '../../options.ts';
import type { UserRecord } from '../../registry/registry.ts';
import { type ClaimRules, claimedPerson } from './claimed-person.ts';
import { pendingMs, PendingSignIns, type SignInKeys } from './pending-sign-in.ts';
import { returnPathOf } from './return-path.ts';

test('the browser goes on to a path of this site and nowhere else', () => {
  for (const path of ['/', '/search?q=a&b=%20', '/a/b#c', '/~x', '/x//y']) assert.equal(returnPathOf(path), path);
  const wrong = [
    '',
    'x',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '/..//evil.example',
    '/.//evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/\r\nset-cookie: x=y',
    '/a b',
    '/é',
    `/${'x'.repeat(600)}`,
  ];
  for (const path of wrong) assert.equal(returnPathOf(path), undefined, path);
});

function signInKeys(): SignInKeys {
  const kept = new Map<string, string>();
  return {
    meta: (key) => kept.get(key),
    setMeta: async (values) => Object.entries(values).forEach(([key, value]) => kept.set(key, value)),
  };
}

test('what is under way comes back once, from the browser it went to, within ten minutes', async () => {
  let nowMs = 1_000_000;
  const clock = { ...systemClock, now: () => nowMs };
  const registry = signInKeys();
  const pending = new PendingSignIns(clock, registry);
  const begun = { state: 'state', nonce: 'nonce', codeVerifier: 'verifier', returnPath: '/x' };
  const sealed = await pending.seal(begun);
  for (const hidden of ['state', 'nonce', 'verifier']) {
    assert.equal(Buffer.from(sealed, 'base64url').includes(hidden), false);
  }
  const changed = `${sealed.slice(0, 20)}${sealed[20] === 'A' ? 'B' : 'A'}${sealed.slice(21)}`;
  for (const wrong of [
    undefined,
    '',
    'x',
    changed,
    sealed.slice(1),
    sealed + sealed,
    await new PendingSignIns(clock, signInKeys()).seal(begun),
  ]) {
    assert.equal(pending.take(wrong), undefined);
  }
  assert.deepEqual(new PendingSignIns(clock, registry).take(sealed), begun, 'another hub of the site is answered');
  assert.deepEqual(pending.take(sealed), begun);
  assert.equal(pending.take(sealed), undefined);
  const late = await pending.seal({ ...begun, state: 'late' });
  nowMs += pendingMs;
  assert.equal(pending.take(late), undefined);
});

const rules: ClaimRules = {
  user_claim: 'preferred_username',
  groups_claim: 'groups',
  roles: [
    { group: 'ops', tenant: '*', role: 'operator' },
    { group: 'shop', tenant: 'shop', role: 'viewer' },
    { group: 'shop-leads', tenant: 'shop', role: 'admin' },
    { group: 'shop-too', tenant: 'shop', role: 'viewer' },
  ],
};

function account(change: Partial<UserRecord>): UserRecord {
  return { name: 'anna', passwordHash: undefined, mustChange: false, grants: [], createdMs: 0, disabled: false, ...change };
}

test('groups become grants, and who is in none is refused', () => {
  const person = (claims: Record<string, unknown>): unknown => claimedPerson(claims, rules, () => undefined);
  assert.deepEqual(person({ sub: 's1', preferred_username: 'anna', groups: ['shop', 'shop-too', 'x'] }), {
    kind: 'admitted',
    name: 'anna',
    grants: [{ tenant: 'shop', role: 'viewer' }],
  });
  assert.deepEqual(person({ sub: 's1', groups: 'ops' }), {
    kind: 'admitted',
    name: 's1',
    grants: [{ tenant: '*', role: 'operator' }],
  });
  for (const groups of [undefined, [], ['OPS'], [1, { ops: true }], 'shop,ops', { 0: 'ops' }]) {
    assert.deepEqual(person({ sub: 's1', groups }), { kind: 'refused', reason: 'no-role', name: 's1' });
  }
});

test('a name that is none here is refused, and shown without what a terminal obeys', () => {
  const refused = claimedPerson({ sub: 's', preferred_username: 'a\u001b[2Jb', groups: ['ops'] }, rules, () => undefined);
  assert.deepEqual(refused, { kind: 'refused', reason: 'name', name: 'a\\x1b[2Jb' });
  assert.equal(claimedPerson({ preferred_username: 7, groups: ['ops'] }, rules, () => undefined).kind, 'refused');
});

test('an account of the same name decides: without a password by its own grants, with one not at all', () => {
  const claims = { sub: 's', preferred_username: 'anna', groups: ['ops'] };
  const withAccount = (change: Partial<UserRecord>): unknown => claimedPerson(claims, rules, () => account(change));
  assert.deepEqual(withAccount({}), { kind: 'admitted', name: 'anna', grants: undefined });
  assert.deepEqual(withAccount({ passwordHash: 'x' }), { kind: 'refused', reason: 'local-account', name: 'anna' });
  assert.deepEqual(withAccount({ disabled: true }), { kind: 'refused', reason: 'disabled', name: 'anna' });
});

test('neither the provider nor the hub is reached without TLS from afar', () => {
  const accepts = (issuer: string, public_url: string): boolean =>
    hubOptions.safeParse({ oidc: { client_id: 'tributary', issuer, public_url } }).success;
  assert.equal(accepts('https://login.example', 'https://hub.example:7700'), true);
  assert.equal(accepts('http://127.0.0.1:8080', 'http://[::1]:7700'), true);
  assert.equal(accepts('http://login.example', 'https://hub.example:7700'), false);
  assert.equal(accepts('https://login.example', 'http://hub.example:7700'), false);
  assert.equal(accepts('ftp://login.example', 'https://hub.example:7700'), false);
});
