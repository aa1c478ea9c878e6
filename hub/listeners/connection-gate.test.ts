import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { AllowList } from '@tributary/shared/network/allow-list.ts';
import { eventually } from '../testing/eventually.ts';
import { ConnectionGate, type GateLimits, type GateOptions } from './connection-gate.ts';
import { FailureLimiter } from './failure-limiter.ts';
import { boundAddress, listenAddress, listenOn } from './listen-address.ts';

const timeout = { timeout: 120_000 };

interface Guarded extends AsyncDisposable {
  readonly gate: ConnectionGate;
  readonly accepted: Socket[];
  open(from?: string): Promise<Socket>;
}

async function guarded(limits: GateLimits, cidrs?: readonly string[], more: Partial<GateOptions> = {}): Promise<Guarded> {
  const accepted: Socket[] = [];
  const opened: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    accepted.push(socket);
  });
  const gate = new ConnectionGate({ limits, allowed: new AllowList(cidrs), ...more });
  gate.guard(server);
  await listenOn(server, await listenAddress('127.0.0.1:0'), '127.0.0.1:0');
  const port = Number(boundAddress(server).split(':')[1]);
  return {
    gate,
    accepted,
    open: async (from = '127.0.0.1') => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: from });
      socket.on('error', () => undefined);
      socket.resume();
      opened.push(socket);
      await once(socket, 'connect');
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of [...opened, ...accepted]) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

test('connections of one address over the limit are marked, then cut off; others come in', timeout, async () => {
  await using server = await guarded({ connectionsMax: 100, connectionsPerAddressMax: 2 });
  const [first] = [await server.open(), await server.open(), await server.open()];
  await eventually('three came in', () => server.accepted.length === 3);
  assert.deepEqual(
    server.accepted.map((socket) => server.gate.isOver(socket)),
    [false, false, true],
  );
  await once(await server.open(), 'close');
  assert.equal(server.gate.connections, 3);
  await server.open('127.0.0.2');
  await eventually('another address came in', () => server.gate.connections === 4);
  assert.deepEqual(server.gate.counters(), { notAllowed: 0, tooMany: 0, tooManyOfAddress: 2, tooOften: 0 });
  first?.destroy();
  await eventually('it was counted off', () => server.gate.connections === 3);
});

test('all addresses together have a limit', timeout, async () => {
  await using server = await guarded({ connectionsMax: 2, connectionsPerAddressMax: 2 });
  for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) await server.open(from);
  await eventually('three came in', () => server.accepted.length === 3);
  assert.equal(server.accepted.filter((socket) => server.gate.isOver(socket)).length, 1);
  await once(await server.open('127.0.0.4'), 'close');
  assert.equal(server.gate.counters().tooMany, 2);
});

test('who is in none of the networks is cut off before a byte is read', timeout, async () => {
  await using server = await guarded({ connectionsMax: 9, connectionsPerAddressMax: 9 }, ['127.0.0.2/32']);
  await once(await server.open('127.0.0.1'), 'close');
  await server.open('127.0.0.2');
  await eventually('one came in', () => server.accepted.length === 1);
  assert.deepEqual(server.gate.counters(), { notAllowed: 1, tooMany: 0, tooManyOfAddress: 0, tooOften: 0 });
});

test(
  'an address whose connections come to nothing is cut off for a while, others and the loopback are not',
  timeout,
  async () => {
    const perAddress = { tries: 3, perSecond: 0.001 };
    const tries = new FailureLimiter({ perAddress, total: { tries: 1e9, perSecond: 1e9 }, addressesMax: 10 });
    const triesFree = new AllowList(['127.0.0.9/32']);
    const limits = { connectionsMax: 100, connectionsPerAddressMax: 100 };
    await using server = await guarded(limits, undefined, { tries, triesFree });
    const stays = await server.open();
    await eventually('it came in', () => server.accepted.length === 1);
    const [known] = server.accepted;
    assert.ok(known !== undefined);
    server.gate.known(known);
    for (let count = 1; count <= 3; count += 1) {
      (await server.open()).destroy();
      await eventually('it was counted off', () => server.accepted.length === count + 1 && server.gate.connections === 1);
    }
    await once(await server.open(), 'close');
    assert.equal(server.gate.counters().tooOften, 1);
    assert.equal(stays.destroyed, false, 'who is known stays');
    for (let count = 0; count < 5; count += 1) (await server.open('127.0.0.9')).destroy();
    await server.open('127.0.0.2');
    await eventually('others came in', () => server.accepted.length === 10);
    assert.equal(server.gate.counters().tooOften, 1);
  },
);
