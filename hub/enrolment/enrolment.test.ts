/** The two routes as agents and strangers use them: real sockets, a real registry, a real authority. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { namesOf } from '@tributary/protocol/enrolment/certificate-names.ts';
import { enrolmentBytesMax, enrolPath, renewPath } from '@tributary/protocol/enrolment/messages.ts';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import { fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';
import {
  DoorFixture,
  enrolled,
  enrolRequest,
  keyToCertify,
  newClientKey,
  pemOf,
  type PostAnswer,
  randomId,
  signed,
  strangeAuthority,
} from '../listeners/agents/door-fixture.ts';
import { certificateLimits, discardedBytesMax, enrolmentFailureLimits } from './limits.ts';

const timeout = { timeout: 120_000 };
const by = { actor: 'test', address: '' };

function certificateOf({ body }: PostAnswer): X509Certificate {
  return new X509Certificate(String(body['certificate']));
}

function namesIn(answer: PostAnswer): ReturnType<typeof namesOf> {
  return namesOf(urisOfCertificate(certificateOf(answer).raw));
}

test('a token buys a certificate for a key that never left its machine', timeout, async () => {
  await using door = await DoorFixture.open();
  const { siteId, authority, registry } = door;
  const key = newClientKey();
  const request = enrolRequest(await door.token(), key);
  const answer = await door.post(enrolPath, request);
  assert.equal(answer.status, 200);
  const { certificate, authority: told, hubs, ...rest } = answer.body;
  assert.deepEqual(rest, { siteId, site: 'test', tenants: ['acme'], labels: { rack: '7' } });
  assert.equal(told, authority.pem);
  assert.deepEqual(hubs, [`wss://${door.listener.address}`]);
  const made = new X509Certificate(String(certificate));
  assert.ok(made.verify(authority.certificate.publicKey) && made.publicKey.equals(createPublicKey(key)));
  assert.deepEqual(namesIn(answer), { kind: 'agent', siteId, agentId: request.id, tenant: 'acme' });
  assert.partialDeepStrictEqual(registry.agent(request.id), {
    state: 'active',
    host: 'web1',
    fingerprints: [fingerprintOf(made)],
  });
});

test('an answer that was lost is asked for again, and costs no second use; another key does', timeout, async () => {
  await using door = await DoorFixture.open();
  const token = await door.token({ usesMax: 1 });
  const request = enrolRequest(token, newClientKey());
  assert.equal((await door.post(enrolPath, request)).status, 200);
  assert.equal((await door.post(enrolPath, request)).status, 200);
  assert.equal((await door.registry.enrolmentTokens())[0]?.uses, 1);
  const other = await door.post(enrolPath, enrolRequest(token, newClientKey()));
  assert.equal(other.status, 403);
  assert.partialDeepStrictEqual(other.body, { error: 'token-used-up' });
});

test('a stranger never learns which tokens there are', timeout, async () => {
  await using door = await DoorFixture.open();
  const token = await door.token();
  const expired = await door.token({ expiresMs: Date.now() - 1000 });
  const revoked = await door.token();
  await door.registry.revokeToken(revoked.tokenId, by);
  const wrong = { secret: 'A'.repeat(32) };
  const asked = async (used: { tokenId: string; secret: string }): Promise<string> => {
    const { status, body } = await door.post(enrolPath, enrolRequest(used, newClientKey()));
    return `${status} ${JSON.stringify(body)}`;
  };
  const answers = [
    await asked({ ...token, ...wrong }),
    await asked({ ...expired, ...wrong }),
    await asked({ ...revoked, ...wrong }),
    await asked(revoked),
    await asked({ tokenId: 'nosuchtoken', ...wrong }),
  ];
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
  assert.match(answers[0] ?? '', /^403 .*"token"/);
  assert.match(await asked(expired), /^403 .*"token-expired".*token create/, 'only who has the secret is told');
  assert.deepEqual(door.registry.agents(), []);
});

test('a key is certified only for whoever has it, on P-256, for this id and token', timeout, async () => {
  await using door = await DoorFixture.open();
  const token = await door.token({ usesMax: 10 });
  const id = randomId();
  const key = newClientKey();
  const context = `enrol ${token.tokenId}`;
  const good = keyToCertify(key, context, id);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
  const refused = [
    { proof: keyToCertify(newClientKey(), context, id).proof },
    { proof: keyToCertify(key, context, randomId()).proof },
    { proof: keyToCertify(key, 'enrol anothertoken', id).proof },
    { proof: keyToCertify(key, 'renew', id).proof },
    { proof: 'AAAA' },
    keyToCertify(rsa, context, id),
    keyToCertify(p384, context, id),
    { publicKey: Buffer.from('not a key').toString('base64') },
    { publicKey: Buffer.concat([Buffer.from(good.publicKey, 'base64'), Buffer.of(0)]).toString('base64') },
  ];
  for (const changes of refused) {
    const answer = await door.post(enrolPath, { ...enrolRequest(token, key, { id }), ...good, ...changes });
    assert.deepEqual([answer.status, answer.body['error']], [400, 'proof'], JSON.stringify(changes));
  }
  assert.equal((await door.registry.enrolmentTokens())[0]?.uses, 0);
  const own = await door.post(enrolPath, enrolRequest(token, key, { kind: 'hub', siteId: door.siteId }));
  assert.deepEqual([own.status, own.body['error']], [409, 'identity']);
});

test('what is no request is refused without a word of it in the answer', timeout, async () => {
  await using door = await DoorFixture.open();
  const request = enrolRequest(await door.token(), newClientKey());
  const { id: _, ...without } = request;
  const bodies = [
    'hello',
    '[]',
    'null',
    { ...request, admin: true },
    { ...request, id: '../../etc/passwd' },
    { ...request, tokenId: "x' OR 1=1 --" },
    { ...request, host: 'h'.repeat(300) },
    without,
  ];
  for (const body of bodies) {
    const answer = await door.post(enrolPath, body);
    assert.deepEqual([answer.status, answer.body['error']], [400, 'malformed'], JSON.stringify(body));
    assert.doesNotMatch(JSON.stringify(answer.body), /passwd|OR 1=1|admin|hello/);
  }
});

test('a body that is too long, or does not come, is not waited for', timeout, async () => {
  await using door = await DoorFixture.open({ limits: { handshakeTimeoutMs: 200 } });
  const long = await door.post(enrolPath, 'x'.repeat(enrolmentBytesMax + 1));
  assert.deepEqual([long.status, long.body['error']], [413, 'malformed']);
  const socket = await door.connect();
  socket.write(`POST ${enrolPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"tokenId`);
  socket.resume();
  await once(socket, 'close');
  const endless = await door.connect();
  endless.resume();
  endless.write(`POST ${enrolPath} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  for (let sent = 0; sent <= discardedBytesMax; sent += 0x10000) endless.write(chunk);
  await once(endless, 'close');
});

test('who fails too often waits, and is told how long', timeout, async () => {
  await using door = await DoorFixture.open();
  const key = newClientKey();
  const wrong = enrolRequest({ tokenId: 'nosuchtoken', secret: 'A'.repeat(32) }, key);
  for (let tries = 0; tries < enrolmentFailureLimits.perAddress.tries; tries += 1) {
    assert.equal((await door.post(enrolPath, wrong)).status, 403);
  }
  const answer = await door.post(enrolPath, wrong);
  assert.deepEqual([answer.status, answer.body['error']], [429, 'too-many-tries']);
  assert.ok(Number(answer.headers['retry-after']) >= 1);
  // Not even the right one goes on guessing for.
  assert.equal((await door.post(enrolPath, enrolRequest(await door.token(), key))).status, 429);
  assert.equal(door.strangers.counts()['too-many-tries'], 2);
});

test('agents whose certificates are of no use take no tries from those who enrol beside them', timeout, async () => {
  await using door = await DoorFixture.open();
  const key = newClientKey();
  for (let tries = 0; tries <= enrolmentFailureLimits.perAddress.tries; tries += 1) {
    const answer = await door.post(renewPath, keyToCertify(key, 'renew', randomId()));
    assert.deepEqual([answer.status, answer.body['error']], [401, 'certificate']);
  }
  assert.equal((await door.post(enrolPath, enrolRequest(await door.token(), key))).status, 200);
});

test(
  'a certificate is renewed with the one before, for another key; both are good until the new one was used',
  timeout,
  async () => {
    await using door = await DoorFixture.open();
    const { agentId, ...before } = await enrolled(door, { tenants: ['blue'] });
    const key = newClientKey();
    const answer = await door.post(renewPath, keyToCertify(key, 'renew', agentId), before);
    assert.equal(answer.status, 200);
    assert.deepEqual(namesIn(answer), { kind: 'agent', siteId: door.siteId, agentId, tenant: 'blue' });
    assert.equal(door.registry.agent(agentId)?.fingerprints.length, 2);
    const again = await door.post(renewPath, keyToCertify(newClientKey(), 'renew', agentId), {
      cert: String(answer.body['certificate']),
      key: pemOf(key),
    });
    assert.equal(again.status, 200);
  },
);

test('an agent that has itself renewed all the time has to wait, and others have not', timeout, async () => {
  await using door = await DoorFixture.open();
  const { agentId, ...credentials } = await enrolled(door);
  const other = await enrolled(door);
  const request = keyToCertify(newClientKey(), 'renew', agentId);
  // Enrolment has given the first.
  const tries = Array.from({ length: certificateLimits.perAddress.tries - 1 });
  const answers = await Promise.all(tries.map(() => door.post(renewPath, request, credentials)));
  assert.ok(answers.every(({ status }) => status === 200));
  let refused = await door.post(renewPath, request, credentials);
  // A slow machine gives some back meanwhile.
  for (let again = 0; again < 30 && refused.status === 200; again += 1)
    refused = await door.post(renewPath, request, credentials);
  assert.deepEqual([refused.status, refused.body['error']], [429, 'too-many-tries']);
  assert.equal((await door.post(renewPath, keyToCertify(newClientKey(), 'renew', other.agentId), other)).status, 200);
});

test('no certificate is renewed for who has none, is revoked, expired or another', timeout, async () => {
  await using door = await DoorFixture.open();
  const { agentId, ...credentials } = await enrolled(door);
  const request = keyToCertify(newClientKey(), 'renew', agentId);
  const names = { kind: 'agent', siteId: door.siteId, agentId, tenant: 'acme' } as const;
  const refused = async (using: typeof credentials | undefined, hint: RegExp): Promise<void> => {
    const { status, body } = await door.post(renewPath, request, using);
    assert.deepEqual([status, body['error']], [401, 'certificate']);
    assert.match(String(body['hint']), hint);
  };
  await refused(undefined, /only peers with a certificate/);
  await refused({ ...credentials, ...(await signed(door.authority, names, -1000)) }, /expired on/);
  await refused({ ...credentials, ...(await signed(door.authority, names)) }, /replaced by a later one/);
  const stolen = keyToCertify(newClientKey(), 'renew', randomId());
  assert.partialDeepStrictEqual((await door.post(renewPath, stolen, credentials)).body, { error: 'proof' });
  await door.registry.revokeAgent(agentId, by);
  await refused(credentials, /revoked.*--renew/);
});

test("a lower site's hub gets a certificate with the tenants that it may forward", timeout, async () => {
  await using door = await DoorFixture.open();
  for (const tenants of ['all', ['blue', 'red']] as const) {
    const token = await door.token({ kind: 'hub', tenants });
    const request = enrolRequest(token, newClientKey(), { kind: 'hub' });
    const answer = await door.post(enrolPath, request);
    assert.deepEqual(answer.body['tenants'], tenants === 'all' ? ['*'] : tenants);
    assert.deepEqual(namesIn(answer), {
      kind: 'lower-site',
      siteId: door.siteId,
      lowerSiteId: request.siteId,
      hubId: request.id,
      tenants,
    });
    const asAgent = await door.post(enrolPath, enrolRequest(await door.token({ kind: 'hub' }), newClientKey()));
    assert.partialDeepStrictEqual(asAgent, { status: 403, body: { error: 'token' } });
  }
});

test('only POST is answered, and nothing else is beside it', timeout, async () => {
  await using door = await DoorFixture.open();
  const socket = await door.connect();
  socket.write(`GET ${enrolPath} HTTP/1.1\r\nHost: x\r\n\r\n`);
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 405[^]*allow: POST/i);
  for (const path of ['/', '/v1', '/v1/enrol/', '/v1/enrol/../renew', '/v1//enrol']) {
    assert.equal((await door.post(path, {})).status, 426, path);
  }
});

test("a site whose certificates are another authority's enrols nobody, and says so", timeout, async () => {
  await using door = await DoorFixture.open({ authority: await strangeAuthority() });
  const answer = await door.post(enrolPath, enrolRequest(await door.token(), newClientKey()));
  assert.partialDeepStrictEqual(answer, { status: 503, body: { error: 'unavailable' } });
  assert.match(String(answer.body['hint']), /tls\.ca/);
});
