import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Grant } from '../../access/access.ts';
import { PeopleClient } from '../../testing/people-client.ts';
import { PeopleServer, quickPasswords, testPassword } from '../../testing/people-server.ts';

const admin: Grant[] = [{ tenant: '*', role: 'admin' }];
const hour = 3600_000;

async function signedIn(server: PeopleServer, name: string, password = testPassword): Promise<PeopleClient> {
  const client = new PeopleClient(server.url);
  const { status, text } = await client.signIn(name, password);
  assert.equal(status, 200, text);
  return client;
}

test('the cookie of a session is for this host, for no script and for no other site', async () => {
  await using server = await PeopleServer.start({ isSecure: true });
  await server.addUser('anna', admin);
  const { headers, body } = await new PeopleClient(server.url).signIn('anna', testPassword);
  assert.match(
    headers.get('set-cookie') ?? '',
    /^__Host-tributary=[\w-]{43}; Max-Age=(?:43200|431\d\d); Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.deepEqual([body?.['name'], body?.['grants'], body?.['mustChange'], body?.['by']], ['anna', admin, false, 'password']);
});

test('without TLS, on the loopback, the cookie has the name that a browser takes there', async () => {
  await using server = await PeopleServer.start({ sessions: { max_age: '1h' } });
  await server.addUser('anna', admin);
  const { headers } = await new PeopleClient(server.url).signIn('anna', testPassword);
  assert.match(
    headers.get('set-cookie') ?? '',
    /^tributary=[\w-]{43}; Max-Age=(?:3600|35\d\d); Path=\/; HttpOnly; SameSite=Strict$/,
  );
});

test('a change with a cookie needs the token of its session and a page of this site', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  await server.addUser('bert', admin);
  const [anna, bert] = [await signedIn(server, 'anna'), await signedIn(server, 'bert')];
  const token = anna.csrfToken ?? '';
  const make = async (headers: Record<string, string>): Promise<unknown[]> => {
    const { status, body } = await anna.call('POST', '/api/v1/users', { name: 'carl' }, headers);
    return [status, body?.['error']];
  };
  assert.deepEqual(await make({ 'x-csrf-token': '' }), [403, 'csrf']);
  assert.deepEqual(await make({ 'x-csrf-token': bert.csrfToken ?? '' }), [403, 'csrf']);
  assert.deepEqual(await make({ 'x-csrf-token': `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}` }), [403, 'csrf']);
  assert.deepEqual(await make({ 'sec-fetch-site': 'cross-site' }), [403, 'cross-site']);
  assert.deepEqual(await make({ 'sec-fetch-site': 'same-site' }), [403, 'cross-site']);
  assert.deepEqual(await make({ origin: 'http://evil.example' }), [403, 'cross-site']);
  assert.deepEqual(await make({ origin: 'null' }), [403, 'cross-site']);
  anna.csrfToken = undefined;
  assert.deepEqual(await make({}), [403, 'csrf']);
  assert.equal(server.registry.user('carl'), undefined);
  assert.deepEqual(await make({ 'x-csrf-token': token, origin: server.url, 'sec-fetch-site': 'same-origin' }), [201, undefined]);
});

test('signing in from a page of another site is refused', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  const client = new PeopleClient(server.url);
  const body = { name: 'anna', password: testPassword };
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'http://evil.example' }] as Record<string, string>[]) {
    const answer = await client.call('POST', '/api/v1/session', body, headers);
    assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [403, null]);
  }
  // A form of another site can send this kind of content without asking first.
  const asForm = await client.call('POST', '/api/v1/session', JSON.stringify(body), { 'content-type': 'text/plain' });
  assert.ok(asForm.status === 400 || asForm.status === 415, String(asForm.status));
});

test('nobody chooses the id of a session: signing in and a new password each make another', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  const client = new PeopleClient(server.url);
  client.cookie = `tributary=${'A'.repeat(43)}`;
  await client.signIn('anna', testPassword);
  const first = client.cookie;
  assert.notEqual(first, `tributary=${'A'.repeat(43)}`);
  await client.signIn('anna', testPassword);
  const second = client.cookie;
  assert.notEqual(second, first);
  assert.equal((await client.changePassword(testPassword, 'another good one')).status, 200);
  assert.notEqual(client.cookie, second);
  assert.equal((await client.call('GET', '/api/v1/session')).status, 200);
  for (const old of [first, second]) {
    client.cookie = old;
    assert.equal((await client.call('GET', '/api/v1/session')).status, 401);
  }
  client.cookie = `tributary=${'A'.repeat(43)}`;
  assert.equal((await client.call('GET', '/api/v1/session')).status, 401);
});

test('a session ends at its time, whatever was done with it, and when its person signs out', async () => {
  await using server = await PeopleServer.start({ sessions: { max_age: '1h' } });
  await server.addUser('anna', admin);
  const client = await signedIn(server, 'anna');
  server.pass(hour - 60_000);
  assert.equal((await client.call('GET', '/api/v1/whoami')).status, 200);
  server.pass(60_000);
  assert.equal((await client.call('GET', '/api/v1/whoami')).status, 401);
  const again = await signedIn(server, 'anna');
  const out = await again.call('DELETE', '/api/v1/session');
  assert.deepEqual([out.status, out.headers.get('set-cookie')?.includes('Max-Age=0')], [204, true]);
  assert.equal((await again.call('GET', '/api/v1/whoami')).status, 401);
});

test('what somebody may do changes at once, also for who is signed in', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  await server.addUser('bert', admin);
  const [anna, bert] = [await signedIn(server, 'anna'), await signedIn(server, 'bert')];
  const users = async (): Promise<number> => (await bert.call('GET', '/api/v1/users')).status;
  const change = async (body: object): Promise<number> => (await anna.call('POST', '/api/v1/users', body)).status;
  assert.equal(await users(), 200);
  assert.equal(await change({ name: 'bert', grants: [{ tenant: 'shop', role: 'viewer' }] }), 200);
  assert.equal(await users(), 403);
  assert.equal(await change({ name: 'bert', grants: admin }), 200);
  assert.equal(await users(), 200);
  assert.equal(await change({ name: 'bert', disabled: true }), 200);
  assert.equal(await users(), 401);
  assert.equal((await new PeopleClient(server.url).signIn('bert', testPassword)).status, 401);
  assert.equal(await change({ name: 'bert', disabled: false }), 200);
  assert.equal(await users(), 401, 'the session of before is not there again');
  const back = await signedIn(server, 'bert');
  assert.equal((await anna.call('DELETE', '/api/v1/users/bert')).status, 204);
  assert.equal((await back.call('GET', '/api/v1/session')).status, 401);
  await server.addUser('bert', admin);
  assert.equal((await back.call('GET', '/api/v1/session')).status, 401, 'nor of one who had the name');
});

test('with a one-time password nothing can be done but to change it', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin, { mustChange: true });
  const client = await signedIn(server, 'anna');
  assert.equal((await client.call('GET', '/api/v1/session')).body?.['mustChange'], true);
  for (const path of ['/api/v1/whoami', '/api/v1/status', '/api/v1/agents', '/api/v1/tokens', '/api/v1/users']) {
    const { status, body } = await client.call('GET', path);
    assert.deepEqual([status, body?.['error']], [403, 'password-change-required'], path);
  }
  for (const [wanted, status] of [
    ['short', 422],
    [testPassword, 422],
    ['annaannaanna', 422],
  ] as const) {
    assert.equal((await client.changePassword(testPassword, wanted)).status, status, wanted);
  }
  assert.equal((await client.changePassword('not the password', 'another good one')).status, 401);
  assert.equal((await client.changePassword(testPassword, 'another good one')).status, 200);
  assert.equal((await client.call('GET', '/api/v1/users')).status, 200);
  assert.equal((await new PeopleClient(server.url).signIn('anna', testPassword)).status, 401);
});

test('a password that the hub makes is in one answer, and good for its change', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  const anna = await signedIn(server, 'anna');
  const made = await anna.call('POST', '/api/v1/users', { name: 'bert', oneTimePassword: true, grants: admin });
  assert.deepEqual([made.status, made.body?.['mustChange']], [201, true]);
  const bert = await signedIn(server, 'bert', String(made.body?.['oneTimePassword']));
  assert.equal((await bert.call('GET', '/api/v1/users')).status, 403);
  const both = { name: 'bert', oneTimePassword: true, password: 'another good one' };
  assert.equal((await anna.call('POST', '/api/v1/users', both)).status, 400);
});

test('an unknown name, a wrong password, a disabled account and one without a password get the same answer and the same work', async () => {
  const verified: (string | undefined)[] = [];
  const passwords = {
    ...quickPasswords,
    verify: (password: string, hash: string | undefined) => {
      verified.push(hash);
      return quickPasswords.verify(password, hash);
    },
  };
  await using server = await PeopleServer.start({ passwords });
  await server.addUser('anna', admin);
  await server.addUser('gone', admin, { disabled: true });
  await server.addUser('provider', admin, { passwordHash: undefined });
  const answers = new Set<string>();
  for (const name of ['anna', 'nobody', 'gone', 'provider', 'x'.repeat(4000), 'a\u0000b']) {
    const { status, text, headers } = await new PeopleClient(server.url).signIn(name, 'wrong but long enough');
    answers.add(JSON.stringify([status, text, headers.get('set-cookie')]));
    server.pass(2 * hour);
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
  assert.equal(verified.length, 6);
  const trail = await server.trail();
  assert.deepEqual(
    trail.map(({ action, outcome, details }) => [action, outcome, details['user']]),
    [
      ['user-logged-in', 'failure', 'anna'],
      ['user-logged-in', 'failure', '(unknown name)'],
      ['user-logged-in', 'failure', 'gone'],
      ['user-logged-in', 'failure', 'provider'],
      ['user-logged-in', 'failure', '(unknown name)'],
      ['user-logged-in', 'failure', '(unknown name)'],
    ],
  );
});

test('who guesses must wait, and nothing that was refused for waiting is looked at', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  const client = new PeopleClient(server.url);
  const tries = await Promise.all(Array.from({ length: 20 }, () => client.signIn('anna', 'wrong but long enough')));
  assert.equal(tries.filter(({ status }) => status === 401).length, 5);
  const refused = tries.filter(({ status }) => status === 429);
  assert.equal(refused.length, 15);
  assert.equal(refused[0]?.headers.get('retry-after'), '1');
  assert.equal((await client.signIn('anna', testPassword)).status, 429);
  server.pass(1000);
  assert.equal((await client.signIn('anna', testPassword)).status, 200);
});

test('a password that is changed while somebody signs in with it lets nobody in', async () => {
  let meanwhile: () => Promise<void> = () => Promise.resolve();
  const passwords = {
    ...quickPasswords,
    verify: async (password: string, hash: string | undefined) => {
      await meanwhile();
      return quickPasswords.verify(password, hash);
    },
  };
  await using server = await PeopleServer.start({ passwords });
  await server.addUser('anna', admin);
  meanwhile = () => server.addUser('anna', admin, { passwordHash: 'quick$another good one' });
  const client = new PeopleClient(server.url);
  assert.equal((await client.signIn('anna', testPassword)).status, 401);
  meanwhile = () => Promise.resolve();
  assert.equal((await client.signIn('anna', 'another good one')).status, 200);
});

test('what an admin changes while somebody changes the password stays changed', async () => {
  let meanwhile: () => Promise<void> = () => Promise.resolve();
  const passwords = {
    ...quickPasswords,
    hash: async (password: string) => {
      await meanwhile();
      return quickPasswords.hash(password);
    },
  };
  await using server = await PeopleServer.start({ passwords });
  await server.addUser('anna', admin);
  await server.addUser('bert', admin);
  const [anna, bert] = [await signedIn(server, 'anna'), await signedIn(server, 'bert')];
  meanwhile = async () => {
    meanwhile = () => Promise.resolve();
    assert.equal((await anna.call('POST', '/api/v1/users', { name: 'bert', grants: [] })).status, 200);
  };
  const { status, body } = await bert.changePassword(testPassword, 'another good one');
  assert.deepEqual([status, body?.['error']], [409, 'conflict']);
  assert.deepEqual(server.registry.user('bert')?.grants, []);
  meanwhile = async () => {
    assert.equal((await anna.call('POST', '/api/v1/users', { name: 'bert', disabled: true })).status, 200);
  };
  assert.equal((await bert.changePassword(testPassword, 'another good one')).status, 401);
  assert.equal(server.registry.user('bert')?.disabled, true);
});

test('names of any script and the longest passwords work, longer ones are refused', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  const anna = await signedIn(server, 'anna');
  const password = '密码很长'.repeat(85);
  for (const name of ['山田太郎', 'Jose\u0301 María', 'x'.repeat(100)]) {
    const made = await anna.call('POST', '/api/v1/users', { name, password, grants: [{ tenant: 'shop', role: 'viewer' }] });
    assert.equal(made.status, 201, made.text);
    assert.equal((await new PeopleClient(server.url).signIn(name.normalize('NFD'), password)).status, 200, name);
    assert.equal((await anna.call('DELETE', `/api/v1/users/${encodeURIComponent(name)}`)).status, 204, name);
  }
  const refused = async (body: object): Promise<number> => (await anna.call('POST', '/api/v1/users', body)).status;
  assert.equal(await refused({ name: 'x'.repeat(101), password }), 400);
  assert.equal(await refused({ name: 'bert', password: '密码很长'.repeat(86) }), 422);
  assert.equal(await refused({ name: 'bert', password: 'x'.repeat(5000) }), 400);
  assert.equal(await refused({ name: 'a:b', password }), 400);
  assert.equal(await refused({ name: 'a\r\nset-cookie: x=y', password }), 400);
  assert.equal((await new PeopleClient(server.url).signIn('anna', 'x'.repeat(300_000))).status, 413);
});

test('nothing that came in is in a header, a cookie or the log', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  const anna = await signedIn(server, 'anna');
  const evil = 'evil\r\nset-cookie: tributary=planted\r\n\r\n<script>';
  const answers = [
    await anna.call('POST', '/api/v1/session', { name: evil, password: evil }),
    await anna.call('DELETE', `/api/v1/users/${encodeURIComponent(evil)}`),
    await anna.call('GET', `/api/v1/whoami?${encodeURIComponent(evil)}=1`),
    await anna.call('POST', '/api/v1/users', { [evil]: 1 }),
    await anna.call('POST', '/api/v1/tokens', { kind: 'api', tenant: evil, scope: 'read' }),
    await anna.call('GET', `/api/v1/oidc/login?return_to=${encodeURIComponent(evil)}`),
  ];
  for (const { headers, text, status } of answers) {
    assert.ok(status >= 400 && status < 500, String(status));
    assert.doesNotMatch(JSON.stringify([...headers]) + text, /evil|planted/);
  }
  assert.doesNotMatch(JSON.stringify(server.logged), /evil|planted/);
});

test('the trail tells who signed in and out, and who made and revoked what, and no secret', async () => {
  await using server = await PeopleServer.start();
  await server.addUser('anna', admin);
  const anna = await signedIn(server, 'anna');
  await anna.call('POST', '/api/v1/users', {
    name: 'bert',
    password: 'a password for bert',
    grants: [{ tenant: 'shop', role: 'admin' }],
  });
  const made = await anna.call('POST', '/api/v1/tokens', { kind: 'api', tenant: 'shop', scope: 'write' });
  await anna.call('DELETE', `/api/v1/tokens/${String(made.body?.['id'])}`);
  await anna.call('POST', '/api/v1/tokens', { kind: 'agent', tenant: 'shop' });
  await anna.call('POST', '/api/v1/users', { name: 'bert', grants: [] });
  await anna.call('DELETE', '/api/v1/users/bert');
  await anna.changePassword(testPassword, 'another good one');
  await anna.call('DELETE', '/api/v1/session');
  const trail = await server.trail();
  assert.deepEqual(
    trail.map(({ action, actor, address, outcome }) => `${action} ${actor} ${address} ${outcome}`),
    [
      'user-logged-in',
      'user-added',
      'api-token-created',
      'token-revoked',
      'token-created',
      'user-changed',
      'user-removed',
      'user-password-changed',
      'user-logged-in',
      'user-logged-out',
    ].map((action) => `${action} anna 127.0.0.1 success`),
  );
  const told = JSON.stringify([trail, server.logged]);
  for (const secret of [
    testPassword,
    'a password for bert',
    'another good one',
    String(made.body?.['token']),
    anna.cookie ?? '?',
  ]) {
    assert.equal(told.includes(secret.replace(/^.*[_=]/, '')), false);
  }
});
