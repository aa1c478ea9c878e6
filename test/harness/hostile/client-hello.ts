import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect } from 'node:tls';

/** The first bytes of a real TLS client. */
export async function captureClientHello(): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = connect({ host: '127.0.0.1', port: address.port, servername: 'localhost' });
  client.on('error', () => undefined);
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  server.once('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk: Buffer) => {
      resolve(chunk);
      socket.destroy();
    });
  });
  const hello = await promise;
  client.destroy();
  server.close();
  await once(server, 'close');
  return hello;
}
