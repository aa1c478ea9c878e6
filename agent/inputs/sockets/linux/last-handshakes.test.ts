import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { checked, libc } from '@tributary/shared/ffi/linux/libc.ts';
import { endHandshakes } from './last-handshakes.ts';

for (const host of ['127.0.0.1', '::1']) {
  test(
    `a listener at ${host} takes nobody new, and what is connected goes on`,
    { skip: process.platform !== 'linux' },
    async (t) => {
      const server = createServer((socket) => socket.pipe(socket));
      let accepted = 0;
      server.on('connection', () => (accepted += 1));
      const isIPv6 = host === '::1';
      const address = await listenAt(host, server).catch((error: unknown) => (isIPv6 ? undefined : Promise.reject(error)));
      if (address === undefined) return t.skip('this machine has no IPv6');
      const first = connect(address.port, host);
      await once(first, 'connect');
      assert.equal(endHandshakes(server), true);

      const second = connect(address.port, host);
      second.once('connect', () => assert.fail('nobody may connect'));
      const refused = once(second, 'error');
      first.write('still there');
      assert.equal(String((await once(first, 'data'))[0]), 'still there');
      server.close();
      // It asked, was not answered, asked again, and then nobody listened.
      const [error] = await refused;
      assert.equal(error.code, 'ECONNREFUSED');
      assert.equal(accepted, 1);
      first.destroy();
    },
  );
}

test('a handshake that had begun is finished', { skip: process.platform !== 'linux' }, async () => {
  const server = createServer();
  const { port } = await listenAt('127.0.0.1', server);
  // The system takes the connection for finished only when something has come over it: until then the handshake is under way.
  deferAccept(server);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const accepted = once(server, 'connection');
  assert.equal(endHandshakes(server), true);
  socket.write('late');
  const [peer]: Socket[] = await accepted;
  assert.ok(peer !== undefined);
  assert.equal(String((await once(peer, 'data'))[0]), 'late');
  socket.write('and later');
  assert.equal(String((await once(peer, 'data'))[0]), 'and later');
  for (const one of [socket, peer]) one.destroy();
  server.close();
});

test('of what is no listener it is told that it cannot be had', () => {
  assert.equal(endHandshakes(createServer()), false);
});

async function listenAt(host: string, server: Server): Promise<AddressInfo> {
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address;
}

/** TCP_DEFER_ACCEPT (tcp(7)), for some seconds. */
function deferAccept(server: Server): void {
  const fd: unknown = Reflect.get(Object(Reflect.get(server, '_handle')), 'fd');
  assert.ok(typeof fd === 'number');
  const seconds = new ArrayBuffer(4);
  new DataView(seconds).setInt32(0, 5, true);
  checked('setsockopt', libc().setsockopt(fd, 6, 9, seconds, seconds.byteLength));
}
