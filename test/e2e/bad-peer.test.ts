import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { decode, encode } from '@tributary/protocol/codec.ts';
import type { Message } from '@tributary/protocol/messages.ts';
import { currentVersion } from '@tributary/protocol/version.ts';
import { AgentHost } from '../harness/agent-host.ts';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { comesToRest } from '../harness/cpu-share.ts';
import { testPrograms } from '../harness/programs.ts';
import { Random } from '../harness/random.ts';
import { Scratch } from '../harness/scratch.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

interface FakeHub extends AsyncDisposable {
  readonly url: string;
  readonly received: Message[];
  connections: number;
}

/** A hub that answers each message as told, for answers that ours would never give. */
async function fakeHub(answer: (message: Message, socket: WebSocket) => void): Promise<FakeHub> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const hub: FakeHub = {
    url: `ws://127.0.0.1:${address.port}`,
    received: [],
    connections: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connection', (socket) => {
    hub.connections += 1;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const message = decode(data);
      hub.received.push(message);
      answer(message, socket);
    });
  });
  return hub;
}

async function agentOf(hubs: readonly string[], scratch: Scratch): Promise<AgentHost> {
  const logs = await scratch.folder('logs');
  writeFileSync(`${logs}/app.log`, 'a line\n');
  const agent = new AgentHost({
    programs: testPrograms,
    scratch,
    hubs: () => hubs,
    inputs: [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app' }],
  });
  await agent.start();
  return agent;
}

test('a hub address where nobody listens is told once, and tried without a busy loop', async () => {
  await using scratch = await Scratch.make();
  await using agent = await agentOf(['ws://127.0.0.1:1'], scratch);
  const { program } = agent;
  await until('the trouble is told', () => program.logs.some((line) => line.level === 'warn' && /hub/.test(line.message)), {
    detail: () => program.tail(),
  });
  await comesToRest(program);
  assert.ok(program.logs.filter((line) => line.level === 'warn').length < 10, program.tail());
  assert.equal((await program.stop()).code, 0);
});

test('a hub of another protocol version is told, and tried without a busy loop', async () => {
  await using scratch = await Scratch.make();
  await using hub = await fakeHub((message, socket) => {
    if (message.kind !== 'hello') return;
    const hint = 'this hub speaks version 900 to 901';
    socket.send(encode({ kind: 'reject', code: 'version', hint, retryAfterMs: 0 }));
    socket.close();
  });
  await using agent = await agentOf([hub.url], scratch);
  const { program } = agent;
  await until('the hint is in the log', () => program.stderr.includes('speaks version 900'), { detail: () => program.tail() });
  await comesToRest(program);
  assert.ok(hub.connections < 20, `${hub.connections} connections`);
  assert.ok(program.running);
});

test('a hub that welcomes with a version nobody asked for is left', async () => {
  await using scratch = await Scratch.make();
  await using hub = await fakeHub((message, socket) => {
    if (message.kind === 'hello') socket.send(encode(welcome(currentVersion + 100)));
  });
  await using agent = await agentOf([hub.url], scratch);
  const { program } = agent;
  await until('the agent tells it', () => program.logs.some((line) => line.level !== 'info' && /hub/.test(line.message)), {
    detail: () => program.tail(),
  });
  await comesToRest(program);
  assert.ok(hub.connections < 20, `${hub.connections} connections`);
  assert.ok(program.running);
});

test('a hub that sends nonsense is left, and the next good one gets everything', async () => {
  await using stack = await Stack.make();
  await using bad = await fakeHub((_, socket) => socket.send(Buffer.from('this is no frame of ours')));
  writeFileSync(stack.log('app.log'), 'a line\n');
  await using agent = new AgentHost({
    programs: testPrograms,
    scratch: stack.scratch,
    name: 'second',
    hubs: () => [bad.url, stack.hub.url],
    inputs: [{ kind: 'file', paths: [`${stack.logs}/*.log`], type: 'app' }],
  });
  await agent.start();
  await until('it is archived', async () => (await archivedRawBytes(stack.hub.archive)) === 7, {
    detail: () => `${agent.program.tail()}\n${stack.tail()}`,
  });
});

test('random bytes, broken frames and frames over the limit harm no hub', async () => {
  await using stack = await Stack.make();
  const { program } = stack.hub;
  const random = new Random(5);
  for (let round = 0; round < 20; round += 1) {
    await rawBytes(stack.hub.port, randomBytes(random, random.between(1, 5000)));
    await frames(stack.hub.url, [randomBytes(random, random.between(0, 3000))]);
  }
  await frames(stack.hub.url, ['text is no frame']);
  await frames(stack.hub.url, [encode(hello(currentVersion, currentVersion)), randomBytes(random, 100)]);
  await frames(stack.hub.url, [encode(hello(currentVersion, currentVersion)), Buffer.alloc(9 << 20)]);
  await frames(stack.hub.url, [encode({ kind: 'ack', channel: 1, sequence: 1 })]);
  const spoilt = Buffer.from(encode(hello(currentVersion, currentVersion)));
  for (let index = 0; index < 60; index += 1) {
    const frame = Buffer.from(spoilt);
    frame[random.below(frame.length)] = random.below(256);
    await frames(stack.hub.url, [frame]);
  }
  assert.ok(program.running, program.tail());
  await comesToRest(program);
  writeFileSync(stack.log('app.log'), 'a line\n');
  const shipped = await stack.ship('--until', 'archived', stack.log('app.log'));
  assert.equal(shipped.code, 0, shipped.stderr);
});

test('an agent of a version that is too new is told which ones the hub speaks', async () => {
  await using stack = await Stack.make();
  const answers = await frames(stack.hub.url, [encode(hello(currentVersion + 7, currentVersion + 9))]);
  const reject = answers.find((message) => message.kind === 'reject');
  assert.equal(reject?.code, 'version');
  assert.match(reject?.hint ?? '', new RegExp(`\\b${currentVersion}\\b`));
});

function welcome(version: number): Message {
  return {
    kind: 'welcome',
    version,
    hubId: 'a'.repeat(32),
    siteId: 'b'.repeat(32),
    storeId: 'c'.repeat(32),
    hubs: [],
    limits: { frameBytesMax: 1 << 20, inflatedBytesMax: 1 << 20, segmentsMax: 64, recordsMax: 1000, streamsMax: 100 },
    flushIntervalMsMin: 0,
    creditBytes: 1 << 20,
    capabilities: [],
  };
}

function hello(versionMin: number, versionMax: number): Message {
  return {
    kind: 'hello',
    versionMin,
    versionMax,
    sender: 'agent',
    agentId: 'd'.repeat(32),
    instanceId: 'e'.repeat(32),
    bootId: 'f'.repeat(32),
    startCounter: 1,
    facts: {},
    capabilities: [],
  };
}

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** Sends bytes to a port and waits until the other end closes, or takes no more notice. */
async function rawBytes(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(bytes);
  await Promise.race([once(socket, 'close'), sleep(200)]);
  socket.destroy();
}

/** Sends messages over a WebSocket; resolves with the answers once the hub closed it, or said nothing more for a moment. */
async function frames(url: string, messages: readonly (Uint8Array | string)[]): Promise<readonly Message[]> {
  const socket = new WebSocket(`${url}/v1/agent`, { perMessageDeflate: false });
  const answers: Message[] = [];
  socket.on('message', (data: Buffer) => answers.push(decode(data)));
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'open'), once(socket, 'close')]);
  for (const message of messages) socket.send(message);
  await Promise.race([once(socket, 'close'), sleep(300)]);
  socket.terminate();
  return answers;
}
