import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { endHandshakes } from './last-handshakes.ts';

for (const host of ['127.0.0.1', '::1']) {
  test(
    `a listener at ${host} takes nobody new, and what is connected goes on`,
    { skip: process.platform !== 'linux' },
    async () => {
      const server = createServer((socket) => socket.pipe(socket));
      let accepted = 0;
      server.on('connection', () => (accepted += 1));
      server.listen(0, host);
      await once(server, 'listening');
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
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

test('of what is no listener it is told that it cannot be had', () => {
  assert.equal(endHandshakes(createServer()), false);
});
