/** HTTP on a unix socket that only the hub's own user may open: `GET /status` answers with the report as JSON. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { FolderError, makeFolder } from '@tributary/shared/make-folder.ts';

export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code = 'STATUS_SOCKET';
}

export interface StatusServerOptions {
  readonly socketPath: string;
  readonly report: () => Promise<unknown>;
}

/** Listens when it resolves. A socket file that a dead hub left is replaced; a living hub's is an error. */
export async function startStatusServer(options: StatusServerOptions): Promise<AsyncDisposable> {
  const { socketPath, report } = options;
  makeRunFolder(dirname(socketPath));
  if (await answers(socketPath)) {
    throw new StatusError(`another hub answers at ${socketPath}; give this one a run_dir of its own`);
  }
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.setHeader('connection', 'close');
    if (request.method !== 'GET' || request.url !== '/status') {
      response.writeHead(404).end('{"error":"only GET /status is here"}\n');
      return;
    }
    report().then(
      (body) => response.end(`${JSON.stringify(body)}\n`),
      (error: unknown) => response.writeHead(500).end(`${JSON.stringify({ error: messageOf(error) })}\n`),
    );
  });
  await listen(server, socketPath);
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function makeRunFolder(folder: string): void {
  try {
    makeFolder(folder, { mode: 0o755 });
  } catch (cause) {
    if (!(cause instanceof FolderError)) throw cause;
    throw new StatusError(`run_dir ${folder} cannot be used (${cause.message}): choose another folder`, { cause });
  }
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new StatusError(`cannot listen on ${socketPath}: ${error.message}; run_dir must be a folder that the hub may write`),
      );
    });
    // The file is never open to others, not even between its making and the change of its mode.
    const mask = process.umask(0o177);
    server.listen(socketPath, () => {
      chmodSync(socketPath, 0o600);
      resolve();
    });
    process.umask(mask);
  });
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
