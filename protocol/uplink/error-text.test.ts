import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { errorText } from './error-text.ts';

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  await once(server, 'close');
  return address.port;
}

/** A hub of which nobody answered was told as a trouble without words, and as a new one at each try. */
test('a name of several addresses, of which none answers, is told with what the first of them said', async () => {
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  const socket = connect({ host: 'hub', port: await closedPort(), lookup: (_name, _options, done) => done(null, addresses) });
  const [error]: unknown[] = await once(socket, 'error').catch((thrown: unknown) => [thrown]);
  assert.ok(error instanceof AggregateError);
  assert.equal(error.message, '');
  assert.match(errorText(error), /^connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
});

test('an error that says something says that, and one that says nothing at all has its name', () => {
  assert.equal(errorText(new Error('it is closed')), 'it is closed');
  assert.equal(errorText(new TypeError('')), 'TypeError');
  assert.equal(errorText(new AggregateError([], '')), 'AggregateError');
});
