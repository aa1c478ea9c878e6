import { once } from 'node:events';
import { createServer } from 'node:net';

/** One that nobody has at the moment, for what has to know its port before it listens: a token carries it, a certificate is met there. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  server.close();
  await once(server, 'close');
  return address.port;
}
