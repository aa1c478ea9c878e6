/** What strangers and bad peers may use up of the agents' port: real sockets, over TLS. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode } from '@tributary/protocol/codec.ts';
import { testBatchMessage, testHello, testOpen } from '../../intake/recording-peer.ts';
import { WebSocket } from 'ws';
import { eventually } from '../../testing/eventually.ts';
import { DoorFixture, enrolled, type Enrolled, type TestAgent } from './door-fixture.ts';
import { Pace } from './pace.ts';

const timeout = { timeout: 120_000 };
const slow = { slowWindowMs: 100, slowBytesMin: 2000 };

async function opened(door: DoorFixture): Promise<Socket> {
  const socket = connect(door.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

async function admitted(door: DoorFixture): Promise<{ agent: TestAgent; stream: Socket; who: Enrolled }> {
  const who = await enrolled(door);
  const { agentId, instanceId, bootId } = who;
  const agent = await door.agent(who);
  agent.socket.on('error', () => undefined);
  agent.send(testHello({ agentId, instanceId, bootId }));
  await agent.until('welcome');
  return { agent, stream: agent.stream, who };
}

/** A WebSocket frame as a client sends it, masked with zeros. */
function frame(payload: Uint8Array, { opcode = 2, isLast = true } = {}): Buffer {
  const first = (isLast ? 0x80 : 0) | opcode;
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(payload.length));
  return Buffer.concat([Uint8Array.of(first, 0xff), length, Buffer.alloc(4), payload]);
}

test('who connects and says nothing, or begins the TLS handshake and does not end it, is let go', timeout, async () => {
  await using door = await DoorFixture.open({ limits: { handshakeTimeoutMs: 100 } });
  const silent = await opened(door);
  const begun = await opened(door);
  // The beginning of a ClientHello that goes on for 500 bytes.
  begun.write(Uint8Array.of(0x16, 3, 1, 1, 0xf4, 1, 0));
  await Promise.all([once(silent, 'close'), once(begun, 'close')]);
  await eventually('it was counted', () => (door.strangers.counts()['handshake'] ?? 0) >= 2);
});

test('who says hello in HTTP and does not end it is let go, and so is who sends endless headers', timeout, async () => {
  await using door = await DoorFixture.open({ limits: { handshakeTimeoutMs: 100 } });
  const socket = await door.connect();
  socket.write('GET /v1/agent HTTP/1.1\r\nHost: x\r\n');
  socket.resume();
  await once(socket, 'close');
  await using patient = await DoorFixture.open();
  const long = await patient.connect();
  long.write(`GET /v1/agent HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(9000)}`);
  assert.match(String((await once(long, 'data'))[0]), /^HTTP\/1\.1 431[^]*headers-too-long/);
  await once(long, 'close');
});

test('a message that was begun and does not go on ends the connection, whole or in fragments', timeout, async () => {
  await using door = await DoorFixture.open({ limits: slow });
  const batch = encode(testBatchMessage(1, { from: 0, to: 1000 }, 100_000));
  const beginnings = [
    frame(batch).subarray(0, 5000),
    frame(batch).subarray(0, 1),
    frame(batch.subarray(0, 5000), { isLast: false }),
    // All of one message, and a part of the next in the same packet.
    Buffer.concat([frame(encode({ kind: 'ping', nonce: 1 })), frame(batch).subarray(0, 3000)]),
  ];
  for (const beginning of beginnings) {
    const { agent, stream } = await admitted(door);
    stream.write(beginning);
    const { code, hint } = await agent.until('reject');
    assert.equal(code, 'limit');
    assert.match(hint, /too slowly/);
    await agent.closed;
  }
});

test('a byte now and then does not help', timeout, async () => {
  await using door = await DoorFixture.open({ limits: slow });
  const { agent, stream } = await admitted(door);
  const bytes = frame(encode(testBatchMessage(1, { from: 0, to: 1000 }, 100_000)));
  for (let at = 0; agent.socket.readyState === WebSocket.OPEN && at < bytes.length; at += 10) {
    stream.write(bytes.subarray(at, at + 10));
    await sleep(10);
  }
  assert.equal((await agent.until('reject')).code, 'limit');
});

test('a line that is slow and steady brings its batch', timeout, async () => {
  await using door = await DoorFixture.open({ limits: { slowWindowMs: 1000, slowBytesMin: 2000 } });
  const { agent, stream } = await admitted(door);
  agent.send(testOpen(1));
  await agent.until('position');
  // The hub says meanwhile that it is there. What is written past the WebSocket must not have its answer in between.
  let heard = 0;
  agent.socket.on('ping', () => (heard += 1));
  agent.socket.pong = () => undefined;
  const bytes = frame(encode(testBatchMessage(1, { from: 0, to: 1000 }, 100_000)));
  for (let at = 0; at < bytes.length; at += 4000) {
    stream.write(bytes.subarray(at, at + 4000));
    await sleep(60);
  }
  await agent.until('ack');
  assert.ok(heard > 0);
  agent.socket.terminate();
});

test('a peer that says nothing is asked, and one that does not answer is silent and then let go', timeout, async () => {
  await using door = await DoorFixture.open({ limits: { askAfterMsMin: 50, silentMsMax: 400 } });
  const silentMs = (): number[] => door.intake.status().connections.map((one) => one.silentMs);
  const { agent } = await admitted(door);
  let asked = 0;
  agent.socket.on('ping', () => (asked += 1));
  await eventually('it was asked again and again', () => asked > 10);
  assert.equal(agent.socket.readyState, WebSocket.OPEN);
  // As of a program that hangs: what comes is not looked at.
  agent.stream.pause();
  await eventually('it is silent', () => silentMs().some((ms) => ms >= 100));
  await eventually('it is let go', () => silentMs().length === 0);
  agent.stream.destroy();
});

test('what we do not read ourselves is held against nobody', () => {
  const pace = new Pace({ slowBytesMin: 100, slowWindowMs: 1000 });
  const at = (nowMs: number, isUnderWay: boolean, bytesRead = 0): boolean => pace.isTooSlow({ nowMs, isUnderWay, bytesRead });
  assert.equal(at(0, true), false);
  assert.equal(at(999, true), false);
  assert.equal(at(1000, false), false);
  assert.equal(at(1500, true), false);
  assert.equal(at(2400, true), false);
  assert.equal(at(2500, true, 100), false, 'it went on');
  assert.equal(at(3500, true, 199), true);
});

test('one connection of an address too many is told so, the next are cut off; other addresses come in', timeout, async () => {
  await using door = await DoorFixture.open({ limits: { connectionsPerAddressMax: 2 } });
  const who = await enrolled(door);
  const held = [await opened(door), await opened(door)];
  await assert.rejects(door.agent(who), /503.*too-many-connections/);
  const told = await opened(door);
  await once(await opened(door), 'close');
  assert.equal(door.strangers.counts()['tooManyOfAddress'], 3);
  for (const socket of [...held, told]) socket.destroy();
  await eventually('they are gone', async () => {
    try {
      (await door.agent(who)).socket.terminate();
      return true;
    } catch {
      return false;
    }
  });
});

test('closing waits for nobody who is in a handshake', timeout, async () => {
  const door = await DoorFixture.open({ limits: { handshakeTimeoutMs: 3_600_000 } });
  const silent = await opened(door);
  await door[Symbol.asyncDispose]();
  if (!silent.closed) await once(silent, 'close');
});
