/**
 * An enrolled agent that lies about its own streams, over TLS with real frames: figures beyond all bounds, floods, descriptions that are
 * dearer than what they describe. The hub goes on, for the others and for its status.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { Batch, Message, WireSegment } from '@tributary/protocol/messages.ts';
import { DoorFixture, enrolled, type TestAgent } from '../listeners/agents/door-fixture.ts';
import { testAttributes } from '../queue/fixture.ts';
import { eventually } from '../testing/eventually.ts';
import { testBatchMessage, testBody, testHello, testOpen } from './recording-peer.ts';

const timeout = { timeout: 120_000 };
const most = Number.MAX_SAFE_INTEGER;

async function greeted(door: DoorFixture, tenant = 'acme'): Promise<TestAgent> {
  const who = await enrolled(door, { tenants: [tenant] });
  const { agentId, instanceId, bootId } = who;
  const agent = await door.agent(who);
  agent.send(testHello({ agentId, instanceId, bootId }));
  await agent.until('welcome');
  return agent;
}

async function acked(agent: TestAgent, sequence: number): Promise<void> {
  await eventually(`batch ${sequence} is acked`, () => {
    const rejected = agent.received.find((message) => message.kind === 'reject');
    assert.equal(rejected, undefined);
    return agent.received.some((message) => message.kind === 'ack' && message.sequence >= sequence);
  });
}

function batchOf(sequence: number, segment: Partial<WireSegment>, inflatedBytes = 0): Batch {
  const body = testBody(inflatedBytes);
  const empty = { stream: 1, from: 0, to: 1, fromMark: '', toMark: '', records: 0, bytes: 0, cuts: [], lengths: [], drops: [] };
  const whole = { ...empty, ...segment };
  const described = { records: whole.records, inflatedBytes, checksum: checksumOf(body), body };
  return { ...testBatchMessage(sequence, { from: 0, to: 1 }), segments: [whole], ...described };
}

/** Everything that there can be was left out on purpose, it says. */
function allDropped(sequence: number): Batch {
  return batchOf(sequence, { to: most, drops: [{ offset: 0, span: most, records: 4_294_967_295 }] });
}

function allLost(stream: number): Message {
  return { kind: 'gap', stream, from: 0, to: most, toMark: '', cause: 'dropped' };
}

test('figures that no stream can have, again and again, neither end the hub nor hide what the others have', timeout, async () => {
  await using door = await DoorFixture.open();
  const good = await greeted(door);
  good.send(testOpen(1), testBatchMessage(1, { from: 0, to: 10 }));
  const bad = await greeted(door, 'blue');
  const streams = Array.from({ length: 1100 }, (_, index) => index + 1);
  bad.send(...streams.map((stream) => testOpen(stream)), ...streams.slice(1).map(allLost));
  // So often that the store's own numbers, of 64 bits, cannot hold the sum.
  for (let sequence = 1; sequence <= 1100; sequence += 1) {
    bad.send(allDropped(sequence));
    if (sequence % 1000 === 0) await acked(bad, sequence);
  }
  await acked(bad, 1100);
  good.send(testBatchMessage(2, { from: 10, to: 20 }));
  await acked(good, 2);
  const gaps = async (): Promise<boolean> => (await door.store.queue.status()).channels[1]?.gaps === 1099;
  await eventually('what it declared lost is recorded', gaps);
  const { channels } = await door.store.queue.status();
  assert.partialDeepStrictEqual(channels, [
    { channel: 'acme/nginx', positions: 20, duplicates: 0, filtered: 0, lost: 0 },
    { channel: 'blue/nginx', positions: most, duplicates: most, filtered: most, lost: most },
  ]);
  good.socket.terminate();
  bad.socket.terminate();
});

test(
  'lengths of very many records count like bytes, against what one agent may have in hand and against the store',
  timeout,
  async () => {
    await using door = await DoorFixture.open();
    const agent = await greeted(door);
    const records = 131_072;
    const lengths = Array.from({ length: records }, () => 0);
    agent.send(testOpen(1, { attributes: testAttributes({ counted: true }) }));
    agent.send(batchOf(1, { to: records, records, lengths }));
    await acked(agent, 1);
    const { bytes } = await door.store.queue.status();
    assert.ok(bytes > records, `${bytes} bytes of store`);
    agent.socket.terminate();
  },
);

test('an agent with more streams than may wait to be read gets them all, when its buffer is new', timeout, async () => {
  await using door = await DoorFixture.open();
  const who = await enrolled(door);
  const { agentId, instanceId, bootId } = who;
  const labels = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`label${index}`, 'x'.repeat(1024)]));
  const attributes = testAttributes({ labels });
  const opened = Array.from({ length: 600 }, (_, index) => testOpen(index + 1, { attributes }));
  const { queue } = door.store;
  await Promise.all(
    opened.map((open) => queue.openStream({ ...open, key: { siteId: door.siteId, agentId, streamId: open.streamId } })),
  );
  const agent = await door.agent(who);
  agent.send(testHello({ agentId, instanceId, bootId }));
  await agent.until('welcome');
  agent.send({ kind: 'recover' });
  await eventually('the last has come', () => agent.received.some((message) => message.kind === 'recovered' && message.last));
  const streams = agent.received.flatMap((message) => (message.kind === 'recovered' ? message.streams : []));
  assert.deepEqual(
    streams.map(({ streamId }) => streamId),
    opened.map(({ streamId }) => streamId),
  );
  agent.socket.terminate();
});
