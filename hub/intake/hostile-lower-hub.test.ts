/**
 * A lower site's hub with a good certificate that tries to be more than it is: with real frames, over TLS. Whatever it says, streams of
 * this site and of other lower sites stay as they are, which is read from the queue before and after.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '@tributary/protocol/codec.ts';
import type { Batch, Hop, Id, Message, OpenStream } from '@tributary/protocol/messages.ts';
import { DoorFixture, enrolled, type Enrolled, randomId, type TestAgent } from '../listeners/agents/door-fixture.ts';
import { testAttributes } from '../queue/fixture.ts';
import { testBatchMessage, testHello, testOpen } from './recording-peer.ts';

const timeout = { timeout: 120_000 };

interface Sites extends AsyncDisposable {
  readonly door: DoorFixture;
  /** An agent of this very site, which has sent ten records of stream 1. */
  readonly agent: Enrolled;
  /** Another lower site, which has forwarded ten records of an agent of its own, under stream 1. */
  readonly other: { readonly siteId: Id; readonly agentId: Id };
  readonly hostile: Enrolled;
  readonly hubId: Id;
  connect(): Promise<TestAgent>;
  /** Everything that the queue has of those two. */
  held(): Promise<string>;
}

async function openSites(): Promise<Sites> {
  const door = await DoorFixture.open();
  const agent = await enrolled(door);
  const others = await enrolled(door, { kind: 'hub', tenants: 'all' });
  const hostile = await enrolled(door, { kind: 'hub', tenants: ['acme', 'blue'] });
  const other = { siteId: others.siteId ?? '', agentId: randomId() };
  const hubId = hostile.agentId;
  await ship(door, agent, { hello: { agentId: agent.agentId }, open: {} });
  await ship(door, others, { hello: { sender: 'hub', agentId: others.agentId }, open: { origin: other } });
  return {
    door,
    agent,
    other,
    hostile,
    hubId,
    connect: async () => {
      const peer = await door.agent(hostile);
      peer.send(helloOf(hostile, { sender: 'hub', agentId: hubId }));
      await peer.until('welcome');
      return peer;
    },
    held: async () => {
      const { queue } = door.store;
      const streams = [
        await Array.fromAsync(queue.streamsOf(door.siteId, agent.agentId)),
        await Array.fromAsync(queue.streamsOf(other.siteId, other.agentId)),
        await queue.gaps(),
        (await queue.status()).topics.map(({ topic, entries, receivedRecords }) => ({ topic, entries, receivedRecords })),
      ];
      return JSON.stringify(streams);
    },
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

function helloOf({ instanceId, bootId }: Enrolled, changes: Parameters<typeof testHello>[0]): Message {
  return testHello({ instanceId, bootId, ...changes });
}

async function ship(
  door: DoorFixture,
  who: Enrolled,
  { hello, open }: { hello: Parameters<typeof testHello>[0]; open: Partial<OpenStream> },
): Promise<void> {
  const peer = await door.agent(who);
  peer.send(helloOf(who, hello));
  await peer.until('welcome');
  peer.send(testOpen(1, open), testBatchMessage(1, { from: 0, to: 10 }));
  await peer.until('ack');
  peer.socket.terminate();
  await peer.closed;
}

const attack: readonly Message[] = [
  { kind: 'gap', stream: 1, from: 0, to: 1000, toMark: '', cause: 'dropped' },
  testBatchMessage(1, { from: 0, to: 500 }),
  { kind: 'close-stream', stream: 1, position: 10 },
];

test('a lower hub brings its own site, its own streams, and the tenants of its certificate', timeout, async () => {
  await using sites = await openSites();
  const { door, hostile, hubId } = sites;
  const peer = await sites.connect();
  const origin = { siteId: hostile.siteId ?? '', agentId: randomId() };
  peer.send(testOpen(1), testOpen(2, { origin, channel: 2, attributes: testAttributes({ tenant: 'blue', type: 'platform' }) }));
  peer.send(testBatchMessage(1, { from: 0, to: 10 }), { ...testBatchMessage(1, { from: 0, to: 5, stream: 2 }), channel: 2 });
  while (peer.received.filter(({ kind }) => kind === 'ack').length < 2) await turn();
  const { queue } = door.store;
  assert.partialDeepStrictEqual(await Array.fromAsync(queue.streamsOf(hostile.siteId ?? '', hubId)), [{ held: 10 }]);
  assert.partialDeepStrictEqual(await Array.fromAsync(queue.streamsOf(hostile.siteId ?? '', origin.agentId)), [{ held: 5 }]);
  assert.partialDeepStrictEqual(door.intake.status().connections, [{ identity: 'lower-site', tenant: 'acme,blue' }]);
  peer.socket.terminate();
});

test('it cannot speak for this site, for another lower site, nor for an agent of either', timeout, async () => {
  await using sites = await openSites();
  const { door, agent, other } = sites;
  const before = await sites.held();
  const origins = [
    { siteId: door.siteId, agentId: agent.agentId },
    { siteId: door.siteId, agentId: sites.hubId },
    other,
    { siteId: other.siteId, agentId: agent.agentId },
  ];
  for (const origin of origins) {
    const peer = await sites.connect();
    peer.send(testOpen(1, { origin }), ...attack);
    const { code, hint } = await peer.until('reject');
    assert.equal(code, 'unauthorized');
    assert.match(hint, /another one/);
    await peer.closed;
  }
  // Half an origin is none that a peer has.
  for (const [origin, code] of [
    [{ siteId: '', agentId: agent.agentId }, 'unauthorized'],
    [{ siteId: sites.hostile.siteId ?? '', agentId: '' }, 'protocol'],
  ] as const) {
    const peer = await sites.connect();
    peer.send(testOpen(1, { origin }), ...attack);
    assert.equal((await peer.until('reject')).code, code);
    await peer.closed;
  }
  assert.equal(await sites.held(), before);
  const audited = (await door.registry.auditAfter(0, 1000)).filter(({ details }) => details['reason'] === 'forwarded');
  assert.equal(audited[0]?.actor, `agent:${sites.hostile.agentId}`);
});

test('it may speak for sites below it, and bring nothing that came through this one, or through too many', timeout, async () => {
  await using sites = await openSites();
  const { door, hostile } = sites;
  const origin = { siteId: randomId(), agentId: randomId() };
  const hop = (siteId: Id): Hop => ({ siteId, hubId: randomId(), receivedMs: 1 });
  const peer = await sites.connect();
  const path = (hops: readonly Hop[]): Batch['envelope'] => ({ createdMs: 1, hops, trims: [] });
  const batch = testBatchMessage(1, { from: 0, to: 10 });
  peer.send(testOpen(1, { origin }), { ...batch, envelope: path([hop(origin.siteId), hop(hostile.siteId ?? '')]) });
  await peer.until('ack');
  const { queue } = door.store;
  assert.partialDeepStrictEqual(await Array.fromAsync(queue.streamsOf(origin.siteId, origin.agentId)), [{ held: 10 }]);
  const around = [hop(origin.siteId), hop(door.siteId), hop(hostile.siteId ?? '')];
  peer.send({ ...testBatchMessage(2, { from: 10, to: 20 }), envelope: path(around) });
  const { reason, hint } = await peer.until('refuse');
  assert.equal(reason, 'forbidden');
  assert.match(hint, /came through this very site before/);
  const far = Array.from({ length: 16 }, () => hop(randomId()));
  peer.send({ ...testBatchMessage(3, { from: 10, to: 20 }), envelope: path(far) });
  while (peer.received.filter(({ kind }) => kind === 'refuse').length < 2) await turn();
  assert.partialDeepStrictEqual(await Array.fromAsync(queue.streamsOf(origin.siteId, origin.agentId)), [{ held: 10 }]);
  peer.socket.terminate();
});

test('the same stream and agent ids at its own site are not those of this one', timeout, async () => {
  await using sites = await openSites();
  const { door, agent } = sites;
  const before = await Array.fromAsync(door.store.queue.streamsOf(door.siteId, agent.agentId));
  const peer = await sites.connect();
  peer.send(testOpen(1, { origin: { siteId: sites.hostile.siteId ?? '', agentId: agent.agentId } }), ...attack.slice(0, 1));
  while ((await peer.until('position')).held !== 1000) await turn();
  assert.deepEqual(await Array.fromAsync(door.store.queue.streamsOf(door.siteId, agent.agentId)), before);
  peer.socket.terminate();
});

test('it comes under no other id than its own, and disturbs nobody who has that id', timeout, async () => {
  await using sites = await openSites();
  const ours = await sites.door.agent(sites.agent);
  ours.send(helloOf(sites.agent, { agentId: sites.agent.agentId }));
  await ours.until('welcome');
  for (const agentId of [sites.agent.agentId, sites.other.agentId, sites.door.siteId]) {
    const peer = await sites.door.agent(sites.hostile);
    peer.send(helloOf(sites.hostile, { sender: 'hub', agentId, startCounter: 1000 }), { kind: 'recover' });
    const { code, hint } = await peer.until('reject');
    assert.equal(code, 'unauthorized');
    assert.match(hint, /names another hub/);
    await peer.closed;
  }
  ours.send({ kind: 'ping', nonce: 7 });
  assert.equal((await ours.until('pong')).nonce, 7);
  ours.socket.terminate();
});

test('it gets back only its own streams', timeout, async () => {
  await using sites = await openSites();
  const peer = await sites.connect();
  peer.send({ kind: 'recover' });
  assert.deepEqual((await peer.until('recovered')).streams, []);
  peer.socket.terminate();
});

test('a tenant that is not in its certificate is refused, for platform events as well', timeout, async () => {
  await using sites = await openSites();
  const before = await sites.held();
  for (const type of ['nginx', 'platform']) {
    const peer = await sites.connect();
    peer.send(testOpen(1, { attributes: testAttributes({ tenant: 'red', type }) }), ...attack);
    const { code, hint } = await peer.until('reject');
    assert.equal(code, 'unauthorized');
    assert.match(hint, /tenant red/);
    await peer.closed;
  }
  assert.equal(await sites.held(), before);
});

test('tenants and types that are paths never get past the frame', timeout, async () => {
  await using sites = await openSites();
  const before = await sites.held();
  for (const [from, to] of [
    ['acme', '../x'],
    ['acme', '/etc'],
    ['acme', 'ac\0e'],
    ['acme', 'a me'],
    ['nginx', '../..'],
    ['nginx', 'a/../'],
    ['nginx', 'NGINX'],
    ['nginx', '..%2f'],
  ] as const) {
    const peer = await sites.connect();
    const frame = Buffer.from(encode(testOpen(1)));
    const at = frame.indexOf(from);
    assert.ok(at > 0 && from.length === to.length);
    frame.write(to, at, 'latin1');
    peer.socket.send(frame);
    const { code, hint } = await peer.until('reject');
    assert.equal(code, 'protocol');
    assert.match(hint, /StreamAttributes\.(tenant|type)/);
    await peer.closed;
  }
  assert.equal(await sites.held(), before);
});

test('it cannot come as an agent, nor as the hub of a site that is not in its certificate', timeout, async () => {
  await using sites = await openSites();
  const asAgent = await sites.door.agent(sites.hostile);
  asAgent.send(helloOf(sites.hostile, { agentId: sites.agent.agentId }));
  assert.equal((await asAgent.until('reject')).code, 'unauthorized');
  await asAgent.closed;
  const asHub = await sites.door.agent(sites.agent);
  asHub.send(helloOf(sites.agent, { sender: 'hub', agentId: sites.agent.agentId }));
  assert.equal((await asHub.until('reject')).code, 'unauthorized');
  await asHub.closed;
});

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
