import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { parseApiToken } from '../../access/secrets.ts';
import { eventually } from '../../testing/eventually.ts';
import { PeopleClient } from '../../testing/people-client.ts';
import { PeopleServer } from '../../testing/people-server.ts';
import { HttpFixture } from '../testing/http-fixture.ts';
import { type ApiRoutes, type Authenticator, demand, type RouteAccess } from './api-routes.ts';

const routes: ApiRoutes = (app) => {
  const access: RouteAccess[] = ['open', 'known', 'view', 'operate', 'administer'];
  for (const one of access) {
    app.get(`/api/test/${one}`, { config: { access: one } }, async (request) => ({ kind: request.principal?.kind ?? null }));
  }
  app.get<{ Params: { tenant: string } }>('/api/test/tenants/:tenant', { config: { access: 'view' } }, async (request) =>
    demand(request, 'view', request.params.tenant),
  );
};

/** Stands for the session cookie. */
const cookie: Authenticator = (request) =>
  request.headers.cookie === 'session=ann'
    ? { kind: 'user', name: 'ann', grants: [{ tenant: 'acme', role: 'viewer' }] }
    : undefined;

async function get(hub: HttpFixture, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${hub.url}${path}`, { headers });
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

suite('who asks', () => {
  test('each scope may do its own, and no more', async () => {
    await using hub = await HttpFixture.open({ routes: [routes] });
    const expected = {
      read: { open: 200, known: 200, view: 200, operate: 403, administer: 403, push: 403 },
      write: { open: 200, known: 200, view: 403, operate: 403, administer: 403, push: 200 },
      admin: { open: 200, known: 200, view: 200, operate: 200, administer: 200, push: 200 },
    } as const;
    for (const scope of ['read', 'write', 'admin'] as const) {
      const token = hub.addToken({ scope });
      for (const [action, status] of Object.entries(expected[scope])) {
        const response =
          action === 'push' ? await hub.post('a\n', { token }) : await get(hub, `/api/test/${action}`, bearer(token));
        assert.equal(response.status, status, `${scope} ${action}`);
        if (status !== 403) continue;
        assert.match(response.headers.get('www-authenticate') ?? '', /insufficient_scope/);
        assert.match(await response.text(), /"this needs scope \w+ or admin|"this needs scope admin/);
      }
    }
    assert.equal(new Set(hub.used).size, 3);
  });

  test('another tenant is refused; * is for all', async () => {
    await using hub = await HttpFixture.open({ routes: [routes] });
    const [own, all] = [hub.addToken({ scope: 'admin' }), hub.addToken({ scope: 'admin', tenant: '*' })];
    assert.equal((await get(hub, '/api/test/tenants/acme', bearer(own))).status, 200);
    assert.equal((await get(hub, '/api/test/tenants/other', bearer(own))).status, 403);
    assert.equal((await get(hub, '/api/test/tenants/*', bearer(own))).status, 403);
    assert.equal((await get(hub, '/api/test/tenants/other', bearer(all))).status, 200);
    assert.equal((await hub.post('a\n', { token: own, query: '?tenant=other' })).status, 403);
    assert.equal(hub.line.queue.topics().length, 0);
  });

  test('without credentials, with a session, with both', async () => {
    await using hub = await HttpFixture.open({ routes: [routes], authenticators: [cookie] });
    const none = await get(hub, '/api/test/known');
    assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Bearer realm="tributary"']);
    assert.partialDeepStrictEqual(await none.json(), { error: 'unauthenticated' });
    assert.deepEqual(await (await get(hub, '/api/test/open')).json(), { kind: null });
    assert.deepEqual(await (await get(hub, '/api/test/view', { cookie: 'session=ann' })).json(), { kind: 'user' });
    assert.equal((await get(hub, '/api/test/operate', { cookie: 'session=ann' })).status, 403);
    const both = { cookie: 'session=ann', ...bearer(hub.addToken({ scope: 'read' })) };
    assert.deepEqual(await (await get(hub, '/api/test/view', both)).json(), { kind: 'token' });
    const wrong = { cookie: 'session=ann', ...bearer('tributary_aaaaaaaa_'.padEnd(60, 'x')) };
    assert.equal((await get(hub, '/api/test/view', wrong)).status, 401);
  });

  test('expiry and revocation hold from the next request on', async () => {
    await using hub = await HttpFixture.open({ routes: [routes] });
    const token = hub.addToken({ scope: 'read', expiresMs: systemClock.now() + 60_000 });
    assert.equal((await get(hub, '/api/test/view', bearer(token))).status, 200);
    hub.changeToken(token, { expiresMs: systemClock.now() });
    const expired = await get(hub, '/api/test/view', bearer(token));
    assert.deepEqual(
      [expired.status, await expired.json()],
      [401, { error: 'unauthenticated', message: 'this token has expired: have another one made' }],
    );
    hub.changeToken(token, { expiresMs: undefined, revokedMs: 1 });
    const revoked = await get(hub, '/api/test/view', bearer(token));
    assert.deepEqual([revoked.status, /revoked/.test(await revoked.text())], [401, true]);
    hub.changeToken(token, { revokedMs: undefined, secretHash: 'f'.repeat(64) });
    assert.match(await (await get(hub, '/api/test/view', bearer(token))).text(), /not known here/);
  });

  test('who guesses must wait, and the same answer comes for what is unknown and what is wrong', async () => {
    await using hub = await HttpFixture.open({ routes: [routes] });
    const token = hub.addToken({ scope: 'read' });
    const statuses: number[] = [];
    for (let guess = 0; guess < 8; guess += 1) {
      const wrong = guess % 2 === 0 ? `${token.slice(0, -4)}${guess}aaa` : `tributary_unknown0_${'a'.repeat(32)}`;
      const response = await get(hub, '/api/test/view', bearer(wrong));
      statuses.push(response.status);
      const body = await response.text();
      if (response.status === 401) assert.match(body, /not known here/);
      else assert.ok(Number(response.headers.get('retry-after')) >= 1, body);
    }
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    assert.equal((await get(hub, '/api/test/view', bearer(token))).status, 200, 'the right one, and others behind the address');
    assert.equal((await get(hub, '/api/test/view', bearer(`${token.slice(0, -4)}aaaa`))).status, 429, 'it ends no wait');
    assert.equal((await get(hub, '/live')).status, 200, 'what needs nobody goes on');
  });

  test('what is no bearer token of ours is refused and never logged', async () => {
    await using hub = await HttpFixture.open({ routes: [routes] });
    const shapes = ['Basic YTpi', 'Bearer', 'Bearer x', 'Bearer tributary_a_b', `Bearer ${'x'.repeat(5000)}`];
    for (const shape of shapes)
      assert.match(String((await get(hub, '/api/test/view', { authorization: shape })).status), /401|429/);
    const secret = 's3cret'.repeat(6);
    await get(hub, '/api/test/view', bearer(`tributary_abcdefgh_${secret}`));
    assert.ok(hub.logged.length > 0);
    assert.equal(JSON.stringify(hub.logged).includes(secret), false);
  });

  test('tokens that are refused are in the audit trail: seldom, summed, and without a secret', async () => {
    await using server = await PeopleServer.start();
    const token = await server.addToken('shop', 'read');
    const tokenId = token.split('_')[1] ?? '';
    const ask = (sent: string): Promise<{ status: number }> => new PeopleClient(server.url, sent).call('GET', '/api/v1/whoami');
    for (let guess = 0; guess < 3; guess += 1) assert.equal((await ask(`${token.slice(0, -4)}aaaa`)).status, 401);
    await server.registry.revokeToken(tokenId, { actor: 'console:test', address: '' });
    assert.equal((await ask(token)).status, 401);
    await eventually('both are told', async () => (await server.trail()).length === 2);
    const [guessed, revoked] = await server.trail();
    const common = { action: 'api-token-refused', outcome: 'failure', tenant: 'shop', address: '127.0.0.1' };
    assert.partialDeepStrictEqual(guessed, { ...common, actor: 'stranger', details: { reason: 'api-token', count: 1 } });
    assert.partialDeepStrictEqual(revoked, { ...common, actor: `token:${tokenId}`, details: { reason: 'api-token', count: 3 } });
    assert.equal(JSON.stringify([await server.trail(), server.logged]).includes(parseApiToken(token)?.secret ?? ''), false);
  });

  test('a route that does not say who may call it stops the start', async () => {
    const forgotten: ApiRoutes = (app) => void app.get('/api/test/forgotten', async () => ({}));
    await assert.rejects(HttpFixture.open({ routes: [forgotten] }), /does not say who may call it/);
  });
});
