import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { AllowList } from '@tributary/shared/network/allow-list.ts';
import { ConnectionGate } from './connection-gate.ts';
import { listenAddress, listenOn } from './listen-address.ts';
import { OwnKnock } from './own-knock.ts';

const timeout = { timeout: 120_000 };

for (const address of ['127.0.0.1:0', '0.0.0.0:0']) {
  test(`the hub comes to its own door at ${address} without being let in, counted or told`, timeout, async () => {
    const told: string[] = [];
    const taken: unknown[] = [];
    const server = createServer((socket) => taken.push(socket.destroy()));
    const gate = new ConnectionGate({
      limits: { connectionsMax: 0, connectionsPerAddressMax: 0 },
      allowed: new AllowList(['192.0.2.0/24']),
      onRefused: (reason) => told.push(reason),
    });
    gate.guard(server);
    await listenOn(server, await listenAddress(address), address);
    await Promise.all([gate.knock(), gate.knock()]);
    assert.deepEqual([told, taken.length, gate.connections], [[], 0, 0]);
    const stranger = connect(portOf(server), '127.0.0.1');
    await once(stranger, 'close');
    assert.deepEqual(told, ['notAllowed']);
    server.close();
    await assert.rejects(gate.knock(), /closed/);
  });
}

test('a door that another process has, or nobody opens, is told', timeout, async () => {
  const silent = createServer();
  await listenOn(silent, await listenAddress('127.0.0.1:0'), '127.0.0.1:0');
  // What comes is never asked whether it is ours.
  await assert.rejects(new OwnKnock(silent).knock(50), /takes no connection within 50 ms/);
  silent.close();
});

function portOf(server: ReturnType<typeof createServer>): number {
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === 'object');
  return bound.port;
}
