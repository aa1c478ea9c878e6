/** Every route, asked by everybody: who gets what. A route that is not in the table fails the test. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Role, Scope } from '../../access/access.ts';
import { hashSecret, makeSecret, makeTokenId } from '../../access/secrets.ts';
import type { AuditEvent, Registry } from '../../registry/registry.ts';
import { PeopleClient } from '../../testing/people-client.ts';
import { PeopleServer, testPassword } from '../../testing/people-server.ts';

/** Of the tenants: `shop` is the one that most rows are about, `bank` another, `*` all and the site. */
const people: [string, string, Role][] = [
  ['site-viewer', '*', 'viewer'],
  ['site-operator', '*', 'operator'],
  ['site-admin', '*', 'admin'],
  ['shop-viewer', 'shop', 'viewer'],
  ['shop-operator', 'shop', 'operator'],
  ['shop-admin', 'shop', 'admin'],
  ['bank-admin', 'bank', 'admin'],
];
const tokens: [string, string, Scope][] = [
  ['site-read', '*', 'read'],
  ['site-write', '*', 'write'],
  ['site-token', '*', 'admin'],
  ['shop-read', 'shop', 'read'],
  ['shop-write', 'shop', 'write'],
  ['shop-token', 'shop', 'admin'],
  ['bank-token', 'bank', 'admin'],
];
const everybody = ['nobody', ...people.map(([name]) => name), ...tokens.map(([name]) => name)];
const known = everybody.filter((name) => name !== 'nobody');
const siteAdmins = ['site-admin', 'site-token'];
const shopAdmins = [...siteAdmins, 'shop-admin', 'shop-token'];
const viewers = known.filter((name) => !name.endsWith('-write'));
const siteViewers = ['site-viewer', 'site-operator', 'site-admin', 'site-read', 'site-token'];
const siteOperators = ['site-operator', 'site-admin', 'site-token'];
const shopViewers = viewers.filter((name) => !name.startsWith('bank-'));
const administrators = [...shopAdmins, 'bank-admin', 'bank-token'];

interface Row {
  readonly ask: string;
  readonly body?: (fixture: Fixture) => unknown;
  readonly allowed: readonly string[];
  readonly status: number;
  /** Of those who are known and not allowed; 403 unless told. */
  readonly others?: Readonly<Record<string, number>>;
}

interface Fixture {
  readonly clients: ReadonlyMap<string, PeopleClient>;
  readonly ids: Things;
}

/** An agent of `shop`, a lower site with all tenants, a token of each kind, a person. */
interface Things {
  readonly shopAgent: string;
  readonly siteHub: string;
  readonly shopToken: string;
  readonly siteEnrolment: string;
  readonly user: string;
}

const agentTaker = ['site-operator', 'site-admin', 'site-token', 'shop-operator', 'shop-admin', 'shop-token'];
const hidden = (names: readonly string[]): Record<string, number> => Object.fromEntries(names.map((name) => [name, 404]));
const aRecord = `tenant=shop&type=app&agent=${'a'.repeat(32)}&stream=${'b'.repeat(32)}&position=0&received=0`;
const table: readonly Row[] = [
  { ask: 'GET /', allowed: everybody, status: 200 },
  { ask: 'GET /api/v1/oidc', allowed: everybody, status: 200 },
  { ask: 'POST /api/v1/session', body: () => ({ name: 'site-admin', password: testPassword }), allowed: everybody, status: 200 },
  { ask: 'GET /api/v1/session', allowed: people.map(([name]) => name), status: 200, others: sameFor(tokens, 401) },
  { ask: 'GET /api/v1/whoami', allowed: known, status: 200 },
  {
    ask: 'GET /api/v1/oidc/login',
    allowed: [],
    status: 302,
    others: { ...sameFor(people, 404), ...sameFor(tokens, 404), nobody: 404 },
  },
  {
    ask: 'GET /api/v1/oidc/callback',
    allowed: [],
    status: 200,
    others: { ...sameFor(people, 404), ...sameFor(tokens, 404), nobody: 404 },
  },
  { ask: 'GET /api/v1/openapi.json', allowed: known, status: 200 },
  { ask: 'GET /metrics', allowed: viewers, status: 200 },
  { ask: 'GET /api/v1/status', allowed: siteViewers, status: 200 },
  { ask: 'GET /api/v1/sites', allowed: siteViewers, status: 200 },
  { ask: 'GET /api/v1/health', allowed: viewers, status: 200 },
  { ask: 'GET /api/v1/health/platform', allowed: siteViewers, status: 200 },
  {
    ask: 'GET /api/v1/health/channels/shop',
    allowed: shopViewers,
    status: 200,
    others: hidden(['bank-admin', 'bank-token']),
  },
  { ask: 'GET /api/v1/health/changes', allowed: viewers, status: 200 },
  { ask: 'GET /api/v1/flow', allowed: viewers, status: 200 },
  { ask: 'GET /api/v1/agents', allowed: viewers, status: 200 },
  {
    ask: 'GET /api/v1/agents/{shopAgent}',
    allowed: shopViewers,
    status: 200,
    others: hidden(['bank-admin', 'bank-token']),
  },
  {
    ask: 'GET /api/v1/agents/{shopAgent}/charts',
    allowed: shopViewers,
    status: 200,
    others: hidden(['bank-admin', 'bank-token']),
  },
  {
    ask: 'GET /api/v1/agents/{shopAgent}/events',
    allowed: shopViewers,
    status: 200,
    others: hidden(['bank-admin', 'bank-token']),
  },
  { ask: 'GET /api/v1/charts', allowed: viewers, status: 200 },
  {
    ask: 'POST /api/v1/agents/{shopAgent}/revoke',
    allowed: agentTaker,
    status: 204,
    others: hidden(['bank-admin', 'bank-token']),
  },
  {
    ask: 'POST /api/v1/agents/{siteHub}/revoke',
    allowed: ['site-operator', 'site-admin', 'site-token'],
    status: 204,
    others: hidden(['shop-operator', 'shop-admin', 'shop-token', 'bank-admin', 'bank-token']),
  },
  { ask: 'GET /api/v1/channels', allowed: viewers, status: 200 },
  { ask: 'GET /api/v1/topics', allowed: viewers, status: 200 },
  { ask: 'GET /api/v1/stores', allowed: viewers, status: 200 },
  { ask: 'GET /api/v1/pipelines', allowed: siteViewers, status: 200 },
  { ask: 'GET /api/v1/pipelines/app', allowed: siteViewers, status: 200 },
  // Without a text: whoever may is told so.
  { ask: 'POST /api/v1/pipelines/app/preview', body: () => ({}), allowed: siteOperators, status: 400 },
  // There is nothing to search here.
  ...['', '/histogram', '/facets', '/export', `/context?${aRecord}`].map((what) => {
    return { ask: `GET /api/v1/search${what}`, allowed: viewers, status: 404 };
  }),
  ...['pause', 'resume'].map((verb) => onChannel(verb, {})),
  onChannel('seek', { group: 'pipeline', to: 'latest' }),
  onChannel('skip', { group: 'pipeline' }),
  { ask: 'GET /api/v1/dead-letters', allowed: siteViewers, status: 200 },
  { ask: 'POST /api/v1/dead-letters/show', body: () => ({ tenant: 'shop' }), allowed: shopViewers, status: 200 },
  { ask: 'POST /api/v1/dead-letters/show', body: () => ({}), allowed: siteViewers, status: 200 },
  ...['replay', 'drop'].flatMap((verb) => onDeadLetters(verb, 422)),
  ...['entries/replay', 'entries/drop'].flatMap((verb) => onDeadLetters(verb, 200)),
  { ask: 'POST /api/v1/dead-letters/stop', body: () => ({}), allowed: siteOperators, status: 200 },
  { ask: 'GET /api/v1/alerts', allowed: viewers, status: 200 },
  { ask: 'GET /api/v1/alerts/silences', allowed: viewers, status: 200 },
  {
    ask: 'POST /api/v1/alerts/silences',
    body: () => ({ tenant: 'shop', untilMs: 8_000_000_000_000, note: 'new disks' }),
    allowed: agentTaker,
    status: 200,
  },
  {
    ask: 'DELETE /api/v1/alerts/silences/abababab',
    allowed: [],
    status: 204,
    others: {
      ...hidden(siteOperators),
      'bank-admin': 404,
      'bank-token': 404,
      'shop-operator': 404,
      'shop-admin': 404,
      'shop-token': 404,
    },
  },
  {
    ask: 'POST /api/v1/alerts/acknowledgements',
    body: () => ({ node: 'agent/1', finding: 'agent-silent', note: 'known' }),
    allowed: [],
    status: 200,
    others: hidden([...agentTaker, 'bank-admin', 'bank-token']),
  },
  {
    ask: 'DELETE /api/v1/alerts/acknowledgements',
    allowed: [],
    status: 204,
    others: Object.fromEntries([...agentTaker, 'bank-admin', 'bank-token'].map((name) => [name, 400])),
  },
  {
    ask: 'POST /api/v1/alerts/receivers/ops/test',
    body: () => ({}),
    allowed: [],
    status: 200,
    others: hidden(siteOperators),
  },
  { ask: 'GET /api/v1/housekeeping', allowed: siteViewers, status: 200 },
  { ask: 'GET /api/v1/housekeeping/plan', allowed: siteViewers, status: 200 },
  { ask: 'POST /api/v1/housekeeping/run', body: () => ({}), allowed: siteOperators, status: 200 },
  { ask: 'GET /api/v1/outputs', allowed: siteViewers, status: 200 },
  {
    ask: 'POST /api/v1/outputs/gone/forget',
    allowed: ['site-operator', 'site-admin', 'site-token'],
    // Nothing of that name is there to be forgotten.
    status: 404,
  },
  { ask: 'GET /api/v1/tokens', allowed: administrators, status: 200 },
  { ask: 'POST /api/v1/tokens', body: () => ({ kind: 'api', tenant: 'shop', scope: 'read' }), allowed: shopAdmins, status: 201 },
  { ask: 'POST /api/v1/tokens', body: () => ({ kind: 'api', tenant: '*', scope: 'read' }), allowed: siteAdmins, status: 201 },
  { ask: 'POST /api/v1/tokens', body: () => ({ kind: 'agent', tenant: 'shop' }), allowed: shopAdmins, status: 201 },
  { ask: 'POST /api/v1/tokens', body: () => ({ kind: 'hub', tenants: ['shop'] }), allowed: shopAdmins, status: 201 },
  { ask: 'POST /api/v1/tokens', body: () => ({ kind: 'hub', tenants: ['shop', 'bank'] }), allowed: siteAdmins, status: 201 },
  { ask: 'POST /api/v1/tokens', body: () => ({ kind: 'hub', tenants: '*' }), allowed: siteAdmins, status: 201 },
  { ask: 'DELETE /api/v1/tokens/{shopToken}', allowed: shopAdmins, status: 204, others: hidden(['bank-admin', 'bank-token']) },
  {
    ask: 'DELETE /api/v1/tokens/{siteEnrolment}',
    allowed: siteAdmins,
    status: 204,
    others: hidden(['shop-admin', 'shop-token', 'bank-admin', 'bank-token']),
  },
  { ask: 'GET /api/v1/users', allowed: siteAdmins, status: 200 },
  {
    ask: 'POST /api/v1/users',
    body: ({ ids }) => ({ name: ids.user, grants: [{ tenant: 'shop', role: 'viewer' }] }),
    allowed: siteAdmins,
    status: 200,
  },
  { ask: 'DELETE /api/v1/users/{user}', allowed: siteAdmins, status: 204 },
  // Last, as they end the session: with a wrong password first, which changes nothing.
  {
    ask: 'POST /api/v1/session/password',
    body: () => ({ current: testPassword, new: testPassword }),
    allowed: people.map(([name]) => name),
    status: 422,
    others: sameFor(tokens, 401),
  },
  { ask: 'DELETE /api/v1/session', allowed: people.map(([name]) => name), status: 204, others: sameFor(tokens, 401) },
];

function onChannel(verb: string, body: object): Row {
  return {
    ask: `POST /api/v1/channels/shop/web/${verb}`,
    body: () => body,
    allowed: agentTaker,
    status: 200,
    others: hidden(['bank-admin', 'bank-token']),
  };
}

/** Of one tenant, and of all of them. */
function onDeadLetters(verb: string, status: number): Row[] {
  const row = { ask: `POST /api/v1/dead-letters/${verb}`, status };
  return [
    { ...row, body: () => ({ tenant: 'shop' }), allowed: agentTaker },
    { ...row, body: () => ({}), allowed: siteOperators },
  ];
}

function sameFor(rows: readonly (readonly [string, ...unknown[]])[], status: number): Record<string, number> {
  return Object.fromEntries(rows.map(([name]) => [name, status]));
}

test('who may do what: every principal on every route', async () => {
  await using server = await PeopleServer.start();
  const clients = new Map([['nobody', new PeopleClient(server.url)]]);
  for (const [name, tenant, role] of people) {
    await server.addUser(name, [{ tenant, role }]);
    const client = new PeopleClient(server.url);
    assert.equal((await client.signIn(name, testPassword)).status, 200, name);
    clients.set(name, client);
  }
  for (const [name, tenant, scope] of tokens)
    clients.set(name, new PeopleClient(server.url, await server.addToken(tenant, scope)));
  const wrong: string[] = [];
  let ids = await makeThings(server);
  for (const row of table) {
    for (const name of everybody) {
      const fixture = { clients, ids };
      const wanted = row.allowed.includes(name) ? row.status : (row.others?.[name] ?? (name === 'nobody' ? 401 : 403));
      const status = await ask(row, name, fixture);
      if (status !== wanted) wrong.push(`${row.ask} by ${name}: ${status} instead of ${wanted}`);
      if (status === 204) ids = await makeThings(server);
    }
  }
  assert.deepEqual(wrong, []);
});

test('who may not do something is told what it takes', async () => {
  await using server = await PeopleServer.start();
  const client = new PeopleClient(server.url, await server.addToken('shop', 'read'));
  const messageOf = async (path: string): Promise<unknown> => (await client.call('GET', path)).body?.['message'];
  assert.equal(await messageOf('/api/v1/status'), 'this needs scope read or admin, or any role, for the whole site (tenant *)');
  assert.equal(await messageOf('/api/v1/tokens'), 'this needs scope admin, or the role admin, for the tenant that it is about');
});

test('every route is in the table', async () => {
  await using server = await PeopleServer.start();
  const asked = new Set(
    table.map(({ ask: text }) => text.replaceAll(/\{.*?\}/g, 'x').replace(/\/agents\/x/, `/agents/${'0'.repeat(32)}`)),
  );
  const paths = new Set([...asked].map((text) => text.split(' ')[1] ?? ''));
  for (const path of paths) {
    const { headers } = await new PeopleClient(server.url).call('OPTIONS', path);
    const methods = (headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD');
    for (const method of methods) assert.ok(asked.has(`${method} ${path}`), `${method} ${path} is in no row`);
  }
});

test('a list holds what belongs to the tenants of who asks, and no hash', async () => {
  await using server = await PeopleServer.start();
  const { shopAgent, siteHub, shopToken, siteEnrolment } = await makeThings(server);
  const list = async (path: string, tenant: string, scope: Scope = 'admin'): Promise<string> =>
    (await new PeopleClient(server.url, await server.addToken(tenant, scope)).call('GET', path)).text;
  for (const [tenant, scope] of [
    ['shop', 'admin'],
    ['bank', 'admin'],
    ['*', 'admin'],
    ['*', 'read'],
  ] as const) {
    const kinds = ['agent', 'hub'].map((kind) => list(`/api/v1/agents?kind=${kind}`, tenant, scope));
    const agents = (await Promise.all(kinds)).join('');
    assert.equal(agents.includes(shopAgent), tenant !== 'bank', tenant);
    assert.equal(agents.includes(siteHub), tenant === '*', tenant);
  }
  for (const tenant of ['shop', 'bank', '*']) {
    const listed = await list('/api/v1/tokens', tenant);
    assert.equal(listed.includes(shopToken), tenant !== 'bank', tenant);
    assert.equal(listed.includes(siteEnrolment), tenant === '*', tenant);
    assert.doesNotMatch(listed, /hash|[0-9a-f]{64}/i);
  }
  await server.addUser('anna', []);
  assert.doesNotMatch(await list('/api/v1/users', '*'), /hash|quick/i);
});

test('the last admin of the site stays one, whoever tries how', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', [{ tenant: '*', role: 'admin' }]);
  await server.addUser('bert', [{ tenant: '*', role: 'admin' }]);
  await server.addUser('off', [{ tenant: '*', role: 'admin' }], { disabled: true });
  await server.addUser('elsewhere', [{ tenant: '*', role: 'admin' }], { passwordHash: undefined });
  const [anna, bert] = [new PeopleClient(server.url), new PeopleClient(server.url)];
  await anna.signIn('anna', testPassword);
  await bert.signIn('bert', testPassword);
  // Both at once: one of them is the last.
  const both = await Promise.all([anna.call('DELETE', '/api/v1/users/bert'), bert.call('DELETE', '/api/v1/users/anna')]);
  const [done, refused] = both.map(({ status }) => status).toSorted((one, other) => one - other);
  assert.equal(done, 204);
  // Or 401: when the other was quick enough to remove the account before this one was asked.
  assert.ok(refused === 409 || refused === 401, String(refused));
  const [left, name] = server.registry.user('anna') === undefined ? [bert, 'bert'] : [anna, 'anna'];
  for (const body of [
    { grants: [] },
    { grants: [{ tenant: '*', role: 'operator' }] },
    { disabled: true },
    { grants: [{ tenant: 'shop', role: 'admin' }] },
  ]) {
    const { status, body: answer } = await left.call('POST', '/api/v1/users', { name, ...body });
    assert.deepEqual([status, answer?.['error']], [409, 'last-admin'], JSON.stringify(body));
  }
  assert.equal((await left.call('DELETE', `/api/v1/users/${name}`)).status, 409);
  assert.equal(
    (
      await left.call('POST', '/api/v1/users', {
        name: 'carl',
        password: 'a password for carl',
        grants: [{ tenant: '*', role: 'admin' }],
      })
    ).status,
    201,
  );
  assert.equal((await left.call('DELETE', `/api/v1/users/${name}`)).status, 204);
});

test('what is not known is refused, in the body, the query and the path', async () => {
  await using server = await PeopleServer.start();
  const admin = new PeopleClient(server.url, await server.addToken('*', 'admin'));
  const bad: [string, string, unknown?][] = [
    ['GET', '/api/v1/whoami?x=1'],
    ['GET', '/api/v1/agents?sort=rack'],
    ['GET', '/api/v1/agents?after=-1'],
    ['GET', '/api/v1/agents?label=rack'],
    ['POST', '/api/v1/agents/..%2f..%2fetc/revoke'],
    ['POST', `/api/v1/agents/${'0'.repeat(31)}g/revoke`],
    ['POST', `/api/v1/agents/${'0'.repeat(32)}/revoke`, { force: true }],
    ['DELETE', '/api/v1/tokens/..%2fx'],
    ['POST', '/api/v1/tokens', { kind: 'api', tenant: '../shop', scope: 'read' }],
    ['POST', '/api/v1/tokens', { kind: 'api', tenant: 'shop', scope: 'root' }],
    ['POST', '/api/v1/tokens', { kind: 'api', tenant: 'shop', scope: 'read', uses: 3 }],
    ['POST', '/api/v1/tokens', { kind: 'api', tenant: 'shop', scope: 'read', ttl: '10s' }],
    ['POST', '/api/v1/tokens', { kind: 'agent', tenant: '*' }],
    ['POST', '/api/v1/tokens', { kind: 'agent', tenant: 'shop', uses: 0 }],
    ['POST', '/api/v1/tokens', { kind: 'agent', tenant: 'shop', labels: { a: 'b\u001b[2J' } }],
    ['POST', '/api/v1/tokens', { kind: 'agent', tenant: 'shop', labels: { a: 'x'.repeat(2000) } }],
    ['POST', '/api/v1/tokens', { kind: 'hub', tenants: [] }],
    ['POST', '/api/v1/tokens', { kind: 'other' }],
    ['POST', '/api/v1/tokens', []],
    ['POST', '/api/v1/tokens', '{"kind":"api","__proto__":{"scope":"admin"}}'],
    ['POST', '/api/v1/tokens', 'no json'],
    ['POST', '/api/v1/users', { name: 'x', grants: [{ tenant: 'a/b', role: 'viewer' }] }],
    ['POST', '/api/v1/users', { name: 'x', grants: [{ tenant: 'a', role: 'root' }] }],
    ['POST', '/api/v1/users', { name: 'x', isAdmin: true }],
  ];
  for (const [method, path, body] of bad) {
    const { status, body: answer } = await admin.call(method, path, body);
    assert.deepEqual([status, answer?.['error']], [400, 'malformed'], `${method} ${path} ${JSON.stringify(body)}`);
    assert.equal(typeof answer?.['message'], 'string');
  }
});

async function ask({ ask: text, body }: Row, name: string, fixture: Fixture): Promise<number> {
  const [method = '', pattern = ''] = text.split(' ');
  const ids = new Map<string, string>(Object.entries(fixture.ids));
  const path = pattern.replaceAll(/\{(\w+)\}/g, (_, key: string) => ids.get(key) ?? '');
  const client = fixture.clients.get(name);
  assert.ok(client);
  return (await client.call(method, path, body?.(fixture))).status;
}

const byConsole: Pick<AuditEvent, 'actor' | 'address'> = { actor: 'console:test', address: '' };

async function makeThings(server: PeopleServer): Promise<Things> {
  const { registry } = server;
  const [shopAgent, siteHub] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  await enrol(registry, { kind: 'agent', agentId: shopAgent, tenants: ['shop'] });
  const siteEnrolment = await enrol(registry, { kind: 'hub', agentId: siteHub, tenants: 'all' });
  const shopToken = (await server.addToken('shop', 'read')).split('_')[1] ?? '';
  const user = `person ${shopToken}`;
  await server.addUser(user, [{ tenant: 'shop', role: 'viewer' }]);
  return { shopAgent, siteHub, shopToken, siteEnrolment, user };
}

/** Gives the id of the token that it used. */
async function enrol(
  registry: Registry,
  { kind, agentId, tenants }: { kind: 'agent' | 'hub'; agentId: string; tenants: readonly string[] | 'all' },
): Promise<string> {
  const [tokenId, secret, now] = [makeTokenId(), makeSecret(), Date.now()];
  const secretHash = hashSecret(secret);
  const times = { createdMs: now, createdBy: 'console:test', expiresMs: now + 3600_000, revokedMs: undefined };
  await registry.addEnrolmentToken({ tokenId, secretHash, kind, tenants, labels: {}, usesMax: 1, uses: 0, ...times }, byConsole);
  const id = randomBytes(16).toString('hex');
  const enrolment = {
    tokenId,
    secretHash,
    kind,
    agentId,
    siteId: kind === 'hub' ? randomBytes(16).toString('hex') : undefined,
    instanceId: id,
    bootId: id,
    host: 'host',
    replaces: undefined,
    keyHash: id,
  };
  assert.equal((await registry.enrol(enrolment, { address: '' })).kind, 'granted');
  return tokenId;
}
