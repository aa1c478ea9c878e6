import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { openTunnel } from './proxy-tunnel.ts';
import { ConnectProxy } from './testing/connect-proxy.ts';

const target = { host: 'hub.example', port: 7701 };

function tunnelThrough(proxy: ConnectProxy, signal = new AbortController().signal): Promise<Socket> {
  return openTunnel(new URL(`http://${proxy.address}`), target, signal);
}

test('bytes behind the answer of the proxy are the hub’s', async () => {
  await using proxy = await ConnectProxy.start('HTTP/1.0 200 OK\r\nVia: test\r\n\r\nfrom the hub');
  const socket = await tunnelThrough(proxy);
  const [data] = await once(socket, 'data');
  assert.equal(String(data), 'from the hub');
  assert.deepEqual(proxy.requests, ['CONNECT hub.example:7701 HTTP/1.1\r\nHost: hub.example:7701\r\n\r\n']);
  socket.destroy();
});

for (const [what, answer, message] of [
  ['refuses', 'HTTP/1.1 403 Forbidden\r\n\r\n', /refused hub\.example:7701: HTTP\/1\.1 403 Forbidden/],
  ['speaks something else', 'SSH-2.0-test\r\n\r\n', /SSH-2\.0-test/],
  ['never ends its answer', `HTTP/1.1 200 OK\r\n${'x'.repeat(20_000)}`, /something else than HTTP/],
  ['closes', 'HTTP/1.1 200 OK\r\n', /closed the connection/],
] as const) {
  test(`a proxy that ${what} is told of`, async () => {
    await using proxy = await ConnectProxy.start(answer);
    await assert.rejects(tunnelThrough(proxy), { name: 'ProxyError', code: 'PROXY', message });
  });
}

test('a proxy that does not answer can be given up', async () => {
  await using proxy = await ConnectProxy.start('');
  const abort = new AbortController();
  const tunnel = tunnelThrough(proxy, abort.signal);
  abort.abort();
  await assert.rejects(tunnel, { name: 'ProxyError', message: /given up/ });
  await assert.rejects(tunnelThrough(proxy, abort.signal), { name: 'AbortError' });
});
