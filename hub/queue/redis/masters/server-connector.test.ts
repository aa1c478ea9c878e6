import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { connectorOf } from './server-connector.ts';

/** With TLS it is the verdict on the certificate, and then the alert of a server that was in the middle of something. */
test('a second error of a connection ends no process', async () => {
  await using owned = new AsyncDisposableStack();
  const server = createServer((other) => other.on('error', () => undefined)).listen(0, '127.0.0.1');
  owned.defer(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const socket = owned.adopt(connect(address.port, '127.0.0.1'), (one) => void one.destroy());
  const client = new Redis({ lazyConnect: true, retryStrategy: () => null, Connector: connectorOf(() => socket) });
  const told: string[] = [];
  client.on('error', ({ message }: Error) => told.push(message));
  const refused = assert.rejects(client.connect(), /Connection is closed/);
  await new Promise((resolve) => setImmediate(resolve));
  for (const message of ['self-signed certificate', 'tlsv1 alert decode error']) socket.emit('error', new Error(message));
  socket.destroy();
  await refused;
  assert.deepEqual(told, ['self-signed certificate']);
});
