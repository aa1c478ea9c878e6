import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { makeOptionFolder } from '../option-folder.ts';

/** What a route is asked with, and how it answers one JSON value or a stream of its own making. */
export interface LocalRequest {
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Answers a request to the local socket: a returned value is the JSON answer. A route that writes to `response` itself returns
 * undefined. A LocalRequestError becomes its status code with the message; another error is 500.
 */
export type LocalRoute = (request: LocalRequest) => unknown;

/** By method and path: `GET /status`. */
export type LocalRoutes = Readonly<Record<string, LocalRoute>>;

/** The request cannot be answered; the message is for the person who asked. */
export class LocalRequestError extends Error {
  override readonly name = 'LocalRequestError';
  readonly code = 'LOCAL_REQUEST';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Serves the routes over a unix socket that only its owner may open. Disposing closes it and removes the socket. */
export async function serveLocal(socketPath: string, routes: LocalRoutes): Promise<AsyncDisposable> {
  makeOptionFolder('run_dir', dirname(socketPath), 0o755);
  // Of a process that was killed; whoever owns the data folder's lock owns this too.
  rmSync(socketPath, { force: true });
  // An import would load all that this module can do, a web client with it: ten megabytes.
  const server = process.getBuiltinModule('node:http').createServer((request, response) => {
    void answer({ request, response, routes });
  });
  // The socket is made within the call: nothing else of this process is made with this mask.
  const mask = process.umask(0o177);
  const listening = once(server, 'listening');
  try {
    server.listen(socketPath);
  } finally {
    process.umask(mask);
  }
  await listening;
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

/** Never rejects. */
async function answer(parts: { request: IncomingMessage; response: ServerResponse; routes: LocalRoutes }): Promise<void> {
  const { request, response, routes } = parts;
  try {
    const [path = '', search = ''] = (request.url ?? '').split('?', 2);
    const query = new URLSearchParams(search);
    const route = Object.entries(routes).find(([name]) => name === `${request.method} ${path}`)?.[1];
    if (route === undefined) throw new LocalRequestError(404, 'not found');
    const value = await route({ query, request, response });
    if (value !== undefined) reply(response, 200, value);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply(response, error instanceof LocalRequestError ? error.statusCode : 500, { error: message });
  }
}

function reply(response: ServerResponse, statusCode: number, value: unknown): void {
  if (!response.headersSent) response.writeHead(statusCode, { 'content-type': 'application/json', connection: 'close' });
  response.end(`${JSON.stringify(value)}\n`);
}
