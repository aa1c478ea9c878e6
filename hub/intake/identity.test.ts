/** Who may come in under which id, whose what it sends is, and who must go: over TLS, with a real registry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import {
  DoorFixture,
  enrolled,
  type Enrolled,
  randomId,
  signed,
  strangeAuthority,
  type TestAgent,
} from '../listeners/agents/door-fixture.ts';
import { testAttributes } from '../queue/fixture.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { eventually } from '../testing/eventually.ts';
import { testBatchMessage, testHello, testOpen } from './recording-peer.ts';

const timeout = { timeout: 120_000 };
const by = { actor: 'test', address: '' };

async function admitted(door: DoorFixture, who: Enrolled, changes: Parameters<typeof testHello>[0] = {}): Promise<TestAgent> {
  const { agentId, instanceId, bootId } = who;
  const agent = await door.agent(who);
  agent.send(testHello({ agentId, instanceId, bootId, ...changes }));
  await agent.until('welcome');
  return agent;
}

async function refused(
  door: DoorFixture,
  who: Enrolled,
  changes: Parameters<typeof testHello>[0],
): Promise<{ code: string; hint: string }> {
  const { agentId, instanceId, bootId } = who;
  const agent = await door.agent(who);
  agent.send(testHello({ agentId, instanceId, bootId, ...changes }));
  const { code, hint } = await agent.until('reject');
  await agent.closed;
  return { code, hint };
}

test('a certificate lets nobody in under the id of another', timeout, async () => {
  await using door = await DoorFixture.open();
  const [first, second] = [await enrolled(door), await enrolled(door)];
  const present = await admitted(door, second);
  const { code, hint } = await refused(door, first, { agentId: second.agentId, startCounter: 99 });
  assert.equal(code, 'unauthorized');
  assert.match(hint, /another agent/);
  assert.equal((await refused(door, first, { sender: 'hub' })).code, 'unauthorized');
  present.send({ kind: 'ping', nonce: 1 });
  await present.until('pong');
  present.socket.terminate();
  const [event] = (await door.registry.auditAfter(0, 1000)).filter(({ action }) => action === 'agent-refused');
  assert.partialDeepStrictEqual(event, { actor: `agent:${first.agentId}`, outcome: 'failure', tenant: 'acme' });
});

test('whatever tenant its messages name, and of platform events too, it is the one of its certificate', timeout, async () => {
  await using door = await DoorFixture.open();
  const agent = await admitted(door, await enrolled(door, { tenants: ['blue'] }));
  agent.send(
    testOpen(1, { attributes: testAttributes({ tenant: 'red' }) }),
    testOpen(2, { channel: 2, attributes: testAttributes({ tenant: 'default', type: 'platform' }) }),
    testBatchMessage(1, { from: 0, to: 10 }),
    { ...testBatchMessage(1, { from: 0, to: 10, stream: 2 }), channel: 2 },
  );
  await eventually('both are acked', () => agent.received.filter(({ kind }) => kind === 'ack').length === 2);
  assert.deepEqual(door.store.queue.topics().toSorted(), ['front/blue/nginx', 'front/blue/platform']);
  agent.socket.terminate();
});

test("an id that was another tenant's once tells nothing of what that one had", timeout, async () => {
  await using door = await DoorFixture.open();
  const who = await enrolled(door, { tenants: ['blue'] });
  const streams = [
    testOpen(1, { attributes: testAttributes({ tenant: 'acme' }) }),
    testOpen(2, { attributes: testAttributes({ tenant: 'blue' }) }),
  ];
  for (const open of streams) {
    await door.store.queue.openStream({ ...open, key: { siteId: door.siteId, agentId: who.agentId, streamId: open.streamId } });
  }
  const agent = await admitted(door, who);
  agent.send({ kind: 'recover' });
  const recovered = await agent.until('recovered');
  assert.deepEqual(
    recovered.streams.map(({ streamId }) => streamId),
    [streams[1]?.streamId],
  );
  agent.socket.terminate();
});

test('an agent that is revoked, by another process too, is cut off', timeout, async () => {
  await using door = await DoorFixture.open({ intakeLimits: { tickMs: 250 } });
  const [first, second] = [await enrolled(door), await enrolled(door)];
  const [here, there] = [await admitted(door, first), await admitted(door, second)];
  const log = createLogger({ level: 'error', sink: () => undefined });
  await door.registry.revokeAgent(first.agentId, by);
  assert.partialDeepStrictEqual(await here.until('reject'), { code: 'unauthorized', hint: 'this agent was revoked' });
  await here.closed;
  await using command = await openRegistry({ folder: door.folder, log, thread: false });
  await command.revokeAgent(second.agentId, by);
  await there.until('reject');
  await there.closed;
  assert.deepEqual(door.intake.status().connections, []);
});

test('an agent that is forgotten is cut off, and only an authority of the company brings it back', timeout, async () => {
  await using door = await DoorFixture.open({ intakeLimits: { tickMs: 250 } });
  const who = await enrolled(door);
  const agent = await admitted(door, who);
  await door.registry.forgetAgent(who.agentId, by);
  assert.match((await agent.until('reject')).hint, /taken out of the list.*enroll TOKEN/);
  await agent.closed;
  await assert.rejects(door.agent(who), /401.*does not know this agent/);
  const company = await strangeAuthority();
  await using own = await DoorFixture.open({ authority: company, intakeLimits: { tickMs: 250 } });
  const names = { kind: 'agent', siteId: own.siteId, agentId: randomId(), tenant: 'blue' } as const;
  const vouched = { ...(await signed(company, names)), agentId: names.agentId, instanceId: randomId(), bootId: randomId() };
  const waiting = await own.agent(vouched);
  const there = await admitted(own, vouched);
  await own.registry.forgetAgent(vouched.agentId, by);
  await there.until('reject');
  await there.closed;
  waiting.send(testHello({ agentId: vouched.agentId, instanceId: randomId(), bootId: randomId() }));
  await waiting.until('welcome');
  waiting.socket.terminate();
});

test('a copy on another machine is refused, and the agent goes on', timeout, async () => {
  await using door = await DoorFixture.open();
  const who = await enrolled(door);
  const agent = await admitted(door, who);
  const { code, hint } = await refused(door, who, { instanceId: randomId(), bootId: randomId(), startCounter: 9 });
  assert.equal(code, 'clone');
  assert.match(hint, /--renew/);
  agent.send({ kind: 'ping', nonce: 1 });
  await agent.until('pong');
  agent.socket.terminate();
});

test('two machines with one identity and one machine id are both cut off', timeout, async () => {
  await using door = await DoorFixture.open();
  const who = await enrolled(door);
  const agent = await admitted(door, who);
  assert.equal((await refused(door, who, { bootId: randomId() })).code, 'clone');
  const { code, hint } = await agent.until('reject');
  assert.equal(code, 'clone');
  assert.match(hint, /--renew/);
  await agent.closed;
  assert.equal(door.registry.agent(who.agentId)?.state, 'cloned');
  assert.equal((await refused(door, who, { startCounter: 99 })).code, 'clone', 'until a person has settled it');
});

test('a connection ends with its certificate, and the renewed one goes on', timeout, async () => {
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => Date.now() + aheadMs };
  await using door = await DoorFixture.open({ clock });
  const agent = await admitted(door, await enrolled(door));
  aheadMs = 89 * 24 * 3_600_000;
  agent.send({ kind: 'ping', nonce: 1 });
  await agent.until('pong');
  aheadMs = 91 * 24 * 3_600_000;
  const { code, hint } = await agent.until('reject');
  assert.equal(code, 'unauthorized');
  assert.match(hint, /expired.*renewed/);
  await agent.closed;
});

test(
  "with the company's own authority whom it names comes in, is in the registry from then on, and can be revoked",
  timeout,
  async () => {
    const company = await strangeAuthority();
    await using own = await DoorFixture.open({ authority: company });
    const names = { kind: 'agent', siteId: own.siteId, agentId: randomId(), tenant: 'blue' } as const;
    const who = { ...(await signed(company, names)), agentId: names.agentId, instanceId: randomId(), bootId: randomId() };
    const agent = await admitted(own, who);
    assert.partialDeepStrictEqual(own.registry.agent(who.agentId), { state: 'active', tenants: ['blue'], host: 'web1' });
    await own.registry.revokeAgent(who.agentId, by);
    await agent.until('reject');
    await assert.rejects(own.agent(who), /401.*revoked/);
    const ours = { ...(await signed(own.authority, names)), agentId: names.agentId };
    await assert.rejects(own.agent(ours), /401.*other-authority/, "the site's own authority is not asked any more");
  },
);
