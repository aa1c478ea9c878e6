import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { encode } from '@tributary/protocol/codec.ts';
import type { Ack, Batch } from '@tributary/protocol/messages.ts';
import { cleanPlan, type ConnectionPlan } from './connection-plan.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import { until } from './until.ts';

function batch(sequence: number, bytes = 100): Batch {
  return {
    kind: 'batch',
    channel: 1,
    sequence,
    segments: [
      {
        stream: 1,
        from: 0,
        to: 10,
        fromMark: '',
        toMark: '0'.repeat(16),
        records: 1,
        bytes: 10,
        cuts: [],
        lengths: [],
        drops: [],
      },
    ],
    records: 1,
    inflatedBytes: 10,
    checksum: 1,
    envelope: { createdMs: 1, hops: [], trims: [] },
    body: Buffer.alloc(bytes, 1),
  };
}

const ack = (sequence: number): Ack => ({ kind: 'ack', channel: 1, sequence });

/** A WebSocket server behind a proxy, and what it received per connection. */
async function startBehindProxy(plan: (index: number) => ConnectionPlan) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const received: { socket: WebSocket; messages: number; closed: boolean }[] = [];
  server.on('connection', (socket) => {
    const connection = { socket, messages: 0, closed: false };
    received.push(connection);
    socket.on('error', () => undefined);
    socket.on('message', () => (connection.messages += 1));
    socket.on('close', () => (connection.closed = true));
  });
  const proxy = await FaultyProxy.start({ target: () => ({ host: '127.0.0.1', port: address.port }), plan });
  const connect = async (): Promise<WebSocket> => {
    const socket = new WebSocket(proxy.url, { perMessageDeflate: false });
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return socket;
  };
  return {
    proxy,
    received,
    connect,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      server.close();
      for (const { socket } of received) socket.terminate();
      await once(server, 'close');
    },
  };
}

test('the proxy knows which batches were sent and not answered, and remembers it of a connection that died', async () => {
  await using end = await startBehindProxy(cleanPlan);
  const agent = await end.connect();
  for (const sequence of [1, 2, 3]) agent.send(encode(batch(sequence)));
  await until('three batches are in flight', () => end.proxy.inFlight === 3);
  end.received[0]?.socket.send(encode(ack(2)));
  await until('the ack has passed', () => end.proxy.inFlight === 1);
  const before = performance.now();
  agent.terminate();
  await until('the connection is gone', () => end.proxy.inFlight === 0);
  assert.equal(end.proxy.inFlightSince(before), 1);
});

test('a cut connection ends in the middle of a frame', async () => {
  await using end = await startBehindProxy(() => ({ ...cleanPlan(), ending: { kind: 'cut', afterBytes: 50_000 } }));
  const agent = await end.connect();
  const closed = once(agent, 'close');
  agent.send(encode(batch(1, 200_000)));
  await closed;
  await until('the server sees the end', () => end.received[0]?.closed === true);
  assert.equal(end.received[0]?.messages, 0);
  assert.equal(end.proxy.faults.get('cut'), 1);
});

test("a held connection's bytes arrive after those of its successor", async () => {
  const plans: ConnectionPlan[] = [{ ...cleanPlan(), ending: { kind: 'hold', afterBytes: 1000 } }, cleanPlan()];
  await using end = await startBehindProxy((index) => plans[index] ?? cleanPlan());
  const first = await end.connect();
  const closed = once(first, 'close');
  first.send(encode(batch(1, 2000)));
  await closed;
  assert.equal(end.received[0]?.messages, 0);
  const second = await end.connect();
  second.send(encode(batch(1)));
  await until('the late batch arrived', () => end.received[0]?.messages === 1);
  await until('the new one arrived', () => end.received[1]?.messages === 1);
  await until('the old connection is closed', () => end.received[0]?.closed === true);
});

test('what a killed agent had sent still arrives', async () => {
  await using end = await startBehindProxy(() => ({ toHub: { delayMs: 100 }, toAgent: {} }));
  const agent = await end.connect();
  agent.send(encode(batch(1)));
  await until('it was sent', () => end.proxy.inFlight === 1);
  agent.terminate();
  await until('it arrived', () => end.received[0]?.messages === 1);
});

test('a throttled lane slows its sender', async () => {
  await using end = await startBehindProxy(() => ({ toHub: { bytesPerSecondMax: 400_000 }, toAgent: {} }));
  const agent = await end.connect();
  const start = performance.now();
  agent.send(encode(batch(1, 100_000)));
  await until('it arrived', () => end.received[0]?.messages === 1);
  assert.ok(performance.now() - start > 200);
});
