/** Who comes in over TLS, and what those are told who do not: real sockets, real certificates. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlainly } from 'node:net';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { systemClock } from '@tributary/shared/clock.ts';
import { testBatchMessage, testHello, testOpen } from '../../intake/recording-peer.ts';
import { frontTopic } from '../../queue/queue.ts';
import { eventually } from '../../testing/eventually.ts';
import { DoorFixture, enrolled, signed, strangeAuthority, TurnedAway } from './door-fixture.ts';

const timeout = { timeout: 120_000 };
const year = 365 * 24 * 3_600_000;

test("an enrolled agent ships, and everything it sends is of its certificate's tenant", timeout, async () => {
  await using door = await DoorFixture.open();
  const { agentId, instanceId, bootId, ...credentials } = await enrolled(door, { tenants: ['blue'] });
  const agent = await door.agent(credentials);
  agent.send(testHello({ agentId, instanceId, bootId }));
  const { siteId } = await agent.until('welcome');
  assert.equal(siteId, door.siteId);
  agent.send(testOpen(1), testBatchMessage(1, { from: 0, to: 10 }));
  await agent.until('ack');
  assert.deepEqual(door.store.queue.topics(), [frontTopic('blue/nginx')]);
  assert.partialDeepStrictEqual(door.intake.status().connections, [{ agentId, identity: 'agent', tenant: 'blue' }]);
  agent.socket.terminate();
});

test('who has no good certificate is told why', timeout, async () => {
  await using door = await DoorFixture.open();
  const other = await strangeAuthority();
  const past = { ...systemClock, now: () => Date.now() - 11 * year };
  const { siteId, authority } = door;
  const { agentId, cert, key } = await enrolled(door);
  const names = { kind: 'agent', siteId, agentId, tenant: 'acme' } as const;
  const cases = [
    [undefined, 'no-certificate', /enroll TOKEN/],
    [await signed(other, names), 'other-authority', /not of the authority of site test/],
    [await signed(await strangeAuthority(past), names), 'other-authority', /enroll TOKEN/],
    [await signed(authority, names, -1000), 'expired', /expired on \d{4}-\d\d-\d\d.*enroll TOKEN/],
    [await signed(authority, { ...names, siteId: '0'.repeat(32) }), 'other-site', /another site than test/],
    [await signed(authority, { ...names, agentId: '1'.repeat(32) }), 'not-known', /does not know/],
    [
      await signed(authority, { kind: 'lower-site', siteId, lowerSiteId: siteId, hubId: agentId, tenants: 'all' }),
      'no-names',
      /this very site/,
    ],
    [
      await signed(authority, { kind: 'lower-site', siteId, lowerSiteId: agentId, hubId: agentId, tenants: 'all' }),
      'not-known',
      /does not know/,
    ],
  ] as const;
  for (const [credentials, error, hint] of cases) await assertTurnedAway(door, { credentials, error, hint });
  await door.registry.revokeAgent(agentId, { actor: 'test', address: '' });
  await assertTurnedAway(door, { credentials: { cert, key }, error: 'revoked', hint: /revoked.*--renew/ });
  assert.deepEqual(door.intake.status().connections, []);
  const audited = (await door.registry.auditAfter(0, 1000)).filter(({ action }) => action === 'agent-refused');
  assert.ok(audited.some(({ details, actor }) => details['reason'] === 'revoked' && actor === `agent:${agentId}`));
});

test("a certificate of a hub, as a server, is nobody's who may ship", timeout, async () => {
  await using door = await DoorFixture.open();
  const credentials = await signed(door.authority, { kind: 'hub', siteId: door.siteId, hubId: '2'.repeat(32) });
  // Its purpose is that of a server, which OpenSSL refuses before names are looked at.
  await assertTurnedAway(door, { credentials, error: 'other-authority', hint: /enroll TOKEN/ });
});

test('TLS 1.3 only, unless 1.2 is asked for; no session is taken up again', timeout, async () => {
  await using door = await DoorFixture.open();
  const socket = await door.connect();
  assert.equal(socket.getProtocol(), 'TLSv1.3');
  socket.destroy();
  await assert.rejects(door.connect({ maxVersion: 'TLSv1.2' }), /protocol version/);
  assert.equal(await isResumed(door), false);
  await using older = await DoorFixture.open({ tls: { min_version: '1.2' } });
  const old = await older.connect({ maxVersion: 'TLSv1.2' });
  assert.equal(old.getProtocol(), 'TLSv1.2');
  old.destroy();
  assert.equal(await isResumed(older, 'TLSv1.2'), false);
});

test('a handshake that is broken off is told with the address', timeout, async () => {
  await using door = await DoorFixture.open();
  connectPlainly({ port: door.port, host: '127.0.0.1' }).end();
  const told = (): unknown => door.logged.find(({ message }) => message.startsWith('a TLS handshake failed'))?.fields;
  await eventually('it is told', () => told() !== undefined);
  assert.deepEqual(told(), { reason: 'handshake', remote: '127.0.0.1' });
});

test('a new certificate is shown from the next connection on, and those that there are go on', timeout, async () => {
  await using door = await DoorFixture.open();
  const shown = async (): Promise<string | undefined> => {
    const socket = await door.connect();
    const serial = socket.getPeerX509Certificate()?.serialNumber;
    socket.destroy();
    return serial;
  };
  const before = await shown();
  const who = await enrolled(door);
  const agent = await door.agent(who);
  await door.renewHub();
  await eventually('another certificate is shown', async () => (await shown()) !== before);
  const { agentId, instanceId, bootId } = who;
  agent.send(testHello({ agentId, instanceId, bootId }));
  await agent.until('welcome');
  agent.socket.terminate();
  assert.equal((await door.agent(who)).socket.readyState, 1, 'and agents are verified as before');
});

async function assertTurnedAway(
  door: DoorFixture,
  expected: { credentials: { cert: string; key: string } | undefined; error: string; hint: RegExp },
): Promise<void> {
  await assert.rejects(door.agent(expected.credentials), (error) => {
    assert.ok(error instanceof TurnedAway, String(error));
    assert.equal(error.status, 401);
    assert.equal(error.body['error'], expected.error);
    assert.match(String(error.body['hint']), expected.hint);
    return true;
  });
}

async function isResumed(door: DoorFixture, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<boolean> {
  const options = { port: door.port, host: '127.0.0.1', ca: door.authority.pem, maxVersion };
  const first: TLSSocket = connect(options);
  let session: Buffer | undefined;
  first.on('session', (given: Buffer) => {
    session = given;
  });
  await once(first, 'secureConnect');
  // What is sent after the handshake has come once an answer to a request has.
  first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  first.resume();
  await once(first, 'close');
  const kept = session ?? first.getSession();
  const second = connect({ ...options, ...(kept !== undefined && { session: kept }) });
  await once(second, 'secureConnect');
  const resumed = second.isSessionReused();
  second.destroy();
  return resumed;
}
