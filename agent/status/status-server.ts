import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeOptionFolder } from '../option-folder.ts';

/** `GET /status` over a unix socket that only its owner may open. Disposing closes it and removes the socket. */
export async function serveStatus(socketPath: string, status: () => unknown): Promise<AsyncDisposable> {
  makeOptionFolder('run_dir', dirname(socketPath), 0o755);
  // Of a process that was killed; whoever owns the data folder's lock owns this too.
  rmSync(socketPath, { force: true });
  // An import would load all that this module can do, a web client with it: ten megabytes.
  const server = process.getBuiltinModule('node:http').createServer((request, response) => {
    const found = request.method === 'GET' && request.url === '/status';
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json', connection: 'close' });
    response.end(`${JSON.stringify(found ? status() : { error: 'not found' })}\n`);
  });
  const mask = process.umask(0o177);
  try {
    server.listen(socketPath);
    await once(server, 'listening');
  } finally {
    process.umask(mask);
  }
  chmodSync(socketPath, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      rmSync(socketPath, { force: true });
    },
  };
}
