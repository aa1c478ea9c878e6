import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { decode, encode } from '@tributary/protocol/codec.ts';
import { frameBytesMax } from '@tributary/protocol/limits.ts';
import type { Message } from '@tributary/protocol/messages.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { WebSocket } from 'ws';
import { systemClock } from '@tributary/shared/clock.ts';
import { Burst } from '../../groups/burst.ts';
import { createIntake, type Intake } from '../../intake/intake.ts';
import { testBatchMessage, testHello, testOpen } from '../../intake/recording-peer.ts';
import { openSqliteFixture } from '../../queue/sqlite/sqlite-fixture.ts';
import { type AgentListener, agentPath, type Door, startAgentListener } from './agent-listener.ts';
import type { AgentListenerLimits } from './limits.ts';
import { Strangers } from '../../intake/strangers.ts';
import { listenAddress } from '../listen-address.ts';

const timeout = { timeout: 120_000 };
const log = createLogger({ level: 'error', sink: () => undefined });

const loopbackDoor = { kind: 'plain', tenant: undefined } as const;

interface Fixture extends AsyncDisposable {
  readonly listener: AgentListener;
  readonly intake: Intake;
  topics(): readonly string[];
}

async function open(
  address = '127.0.0.1:0',
  limits: Partial<AgentListenerLimits> = {},
  door: Door = loopbackDoor,
): Promise<Fixture> {
  const store = await openSqliteFixture();
  const { siteId, hubId } = store.queue;
  const intake = createIntake({
    queue: store.queue,
    siteId,
    hubId,
    burst: new Burst(systemClock, Infinity),
    log,
    limits: { tickMs: 10 },
  });
  const strangers = new Strangers({ log, registry: undefined });
  const listener = await startAgentListener({ address, door, intake, strangers, log, limits });
  return {
    listener,
    intake,
    topics: () => store.queue.topics(),
    [Symbol.asyncDispose]: async () => {
      await listener[Symbol.asyncDispose]();
      await intake[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

test('an agent ships a batch and gets its ack', timeout, async () => {
  await using fixture = await open();
  const agent = await Agent.connect(fixture.listener.address);
  agent.send(testHello());
  agent.send(testOpen(1));
  agent.send(testBatchMessage(1, { from: 0, to: 1000 }, 300_000));
  assert.deepEqual(await agent.until('ack'), { kind: 'ack', channel: 1, sequence: 1 });
  agent.socket.close();
  await once(agent.socket, 'close');
});

test('it listens on IPv6 as well', { ...timeout, skip: hasIpv6() ? false : 'this machine has no IPv6 loopback' }, async () => {
  await using fixture = await open('[::1]:0');
  assert.match(fixture.listener.address, /^\[::1\]:\d+$/);
  const agent = await Agent.connect(fixture.listener.address);
  agent.send(testHello());
  await agent.until('welcome');
  agent.socket.terminate();
});

test('what breaks the protocol is told why and closed', timeout, async () => {
  await using fixture = await open();
  for (const bytes of [randomBytes(100), new Uint8Array(0), new Uint8Array(frameBytesMax + 100)]) {
    const agent = await Agent.connect(fixture.listener.address);
    agent.socket.send(bytes);
    const reject = await agent.until('reject');
    assert.ok(reject.kind === 'reject' && reject.hint !== '');
    await agent.closed;
  }
  const talker = await Agent.connect(fixture.listener.address);
  talker.socket.send('hello?');
  assert.partialDeepStrictEqual(await talker.until('reject'), { code: 'protocol' });
  await talker.closed;
});

test('a frame far over the limit is never gathered; before the Hello the limit is short', timeout, async () => {
  await using fixture = await open('127.0.0.1:0', { payloadBytesMax: 1_000_000, strangerPayloadBytesMax: 10_000 });
  for (const [isKnown, bytes] of [
    [false, 10_001],
    [true, 1_000_001],
  ] as const) {
    const agent = await Agent.connect(fixture.listener.address);
    agent.socket.on('error', () => undefined);
    if (isKnown) {
      agent.send(testHello());
      await agent.until('welcome');
      // Longer than a stranger's may be.
      agent.send(testOpen(1));
      agent.send(testBatchMessage(1, { from: 0, to: 1000 }, 300_000));
      await agent.until('ack');
    }
    agent.socket.send(new Uint8Array(bytes));
    const reject = { code: 'limit', hint: 'a message far over the limit of a frame' };
    assert.partialDeepStrictEqual(await agent.until('reject'), reject);
    await agent.closed;
  }
  await settled(() => fixture.intake.status().connections.length === 0);
});

test('a frame that is none of WebSocket is told and closed', timeout, async () => {
  await using fixture = await open();
  const agent = await Agent.connect(fixture.listener.address);
  agent.socket.on('error', () => undefined);
  // A reserved opcode, masked, empty.
  agent.stream.write(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0));
  assert.partialDeepStrictEqual(await agent.until('reject'), { code: 'protocol' });
  await agent.closed;
  await settled(() => fixture.intake.status().connections.length === 0);
});

test('random bytes on the port do no harm', timeout, async () => {
  await using fixture = await open();
  const port = Number(fixture.listener.address.split(':')[1]);
  for (let round = 0; round < 20; round += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end(randomBytes(1 + round * 50));
    socket.resume();
    await once(socket, 'close');
  }
  for (const path of ['//', '/other', '/v1/agent/../x', '*']) {
    const socket = connect(port, '127.0.0.1');
    const head = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`;
    socket.write(`${head}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    socket.resume();
    await once(socket, 'close');
  }
  const response = await fetch(`http://${fixture.listener.address}/`);
  assert.equal(response.status, 426);
  await response.text();
  const agent = await Agent.connect(fixture.listener.address);
  agent.send(testHello());
  await agent.until('welcome');
  agent.socket.terminate();
});

test('a page in a browser of this machine cannot send records', timeout, async () => {
  await using fixture = await open();
  const socket = new WebSocket(`ws://${fixture.listener.address}${agentPath}`, { origin: 'http://evil.example' });
  const [error] = await once(socket, 'error');
  assert.match(String(error), /403/);
});

test('on a plain listener with a tenant everything is of that tenant, and no hub comes in', timeout, async () => {
  await using fixture = await open('127.0.0.1:0', {}, { kind: 'plain', tenant: 'edge' });
  const agent = await Agent.connect(fixture.listener.address);
  agent.send(testHello());
  agent.send(testOpen(1));
  agent.send(testBatchMessage(1, { from: 0, to: 10 }));
  await agent.until('ack');
  assert.deepEqual(fixture.topics(), ['front/edge/nginx']);
  agent.socket.terminate();
  const hub = await Agent.connect(fixture.listener.address);
  hub.send(testHello({ sender: 'hub', agentId: '9'.repeat(32) }));
  assert.partialDeepStrictEqual(await hub.until('reject'), { code: 'unauthorized' });
});

test('who begins and does not finish the handshake is let go', timeout, async () => {
  await using fixture = await open('127.0.0.1:0', { handshakeTimeoutMs: 50 });
  const socket = connect(Number(fixture.listener.address.split(':')[1]), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET /v1/agent HTTP/1.1\r\nHost: x\r\n');
  socket.resume();
  await once(socket, 'close');
});

test('one agent too many is refused', timeout, async () => {
  await using fixture = await open('127.0.0.1:0', { connectionsMax: 1 });
  const first = await Agent.connect(fixture.listener.address);
  await assert.rejects(Agent.connect(fixture.listener.address), /503/);
  first.socket.terminate();
});

test('draining takes no more and ends when the agents have gone', timeout, async () => {
  await using fixture = await open();
  const agent = await Agent.connect(fixture.listener.address);
  agent.send(testHello());
  await agent.until('welcome');
  const drained = fixture.listener.drain(['127.0.0.1:1'], 10_000);
  assert.partialDeepStrictEqual(await agent.until('drain'), { hubs: ['127.0.0.1:1'] });
  await assert.rejects(Agent.connect(fixture.listener.address));
  agent.socket.close();
  await drained;
});

test('without TLS and without a tenant of its own it is on the loopback only', timeout, async () => {
  await using fixture = await open();
  const { intake, listener } = fixture;
  const strangers = new Strangers({ log, registry: undefined });
  const rest = { intake, strangers, log };
  await assert.rejects(startAgentListener({ address: '0.0.0.0:0', door: loopbackDoor, ...rest }), {
    code: 'LISTEN_ADDRESS',
    message: /tributary-hub init.*plaintext: true/,
  });
  await assert.rejects(startAgentListener({ address: listener.address, door: loopbackDoor, ...rest }), {
    code: 'LISTEN_ADDRESS',
    message: /another program has it/,
  });
  const door = { kind: 'plain', tenant: 'acme' } as const;
  await using declared = await startAgentListener({ address: '0.0.0.0:0', door, allowCidr: ['127.0.0.0/8'], ...rest });
  assert.equal(declared.tls, false);
  const agent = await Agent.connect(declared.address.replace('0.0.0.0', '127.0.0.1'));
  agent.send(testHello());
  await agent.until('welcome');
  assert.partialDeepStrictEqual(intake.status().connections, [{ identity: 'plain', tenant: 'acme' }]);
  agent.socket.terminate();
});

test('an address of the configuration becomes one of this machine', timeout, async () => {
  assert.deepEqual(await listenAddress('127.0.0.1:7701'), { host: '127.0.0.1', port: 7701, isLoopback: true });
  assert.deepEqual(await listenAddress('[::1]:0'), { host: '::1', port: 0, isLoopback: true });
  assert.equal((await listenAddress('localhost:1')).isLoopback, true);
  assert.equal((await listenAddress('192.0.2.1:1')).isLoopback, false);
  for (const address of ['7701', ':7701', '127.0.0.1', '127.0.0.1:99999', '::1:7701', '']) {
    await assert.rejects(listenAddress(address), { code: 'LISTEN_ADDRESS', message: /host:port/ });
  }
});

class Agent {
  readonly socket: WebSocket;
  /** Beneath the frames. */
  readonly stream: Socket;
  readonly closed: Promise<unknown>;
  readonly #received: Message[] = [];
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket, stream: Socket) {
    this.socket = socket;
    this.stream = stream;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('message', (data) => {
      assert.ok(data instanceof Uint8Array);
      this.#received.push(decode(data));
      this.#wake();
    });
  }

  static async connect(address: string): Promise<Agent> {
    const socket = new WebSocket(`ws://${address}${agentPath}`, { perMessageDeflate: false });
    const [[{ socket: stream }]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')]);
    return new Agent(socket, stream);
  }

  send(message: Message): void {
    this.socket.send(encode(message));
  }

  async until(kind: Message['kind']): Promise<Message> {
    for (;;) {
      const found = this.#received.find((message) => message.kind === kind);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => (addresses ?? []).some(({ address }) => address === '::1'));
}
