/** HTTP on a unix socket that only the hub's own user may open: `GET /status` answers with the report, the commands' routes with theirs. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { FolderError, makeFolder } from '@tributary/shared/make-folder.ts';
import { indexPath } from '../outputs/archive/index/requests.ts';
import { restoreBytesMax, restorePaths } from '../outputs/archive/restore/requests.ts';
import type { Verdict } from './readiness.ts';
import type { SocketAnswer, SocketRoutes } from './socket-routes.ts';

export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code = 'STATUS_SOCKET';
}

export interface StatusServerOptions {
  readonly socketPath: string;
  readonly report: () => Promise<unknown>;
  /** Answered with 200 or 503. */
  readonly readiness: () => Promise<Verdict>;
  /** What commands ask besides. */
  readonly routes?: SocketRoutes;
}

/** A request of a command is small. */
const bodyBytesMax = 64 * 1024;
/** Who types, as the command says it: the socket lets nobody else in. */
export const actorHeader = 'x-tributary-actor';

/** Listens when it resolves. A socket file that a dead hub left is replaced; a living hub's is an error. */
export async function startStatusServer(options: StatusServerOptions): Promise<AsyncDisposable> {
  const { socketPath } = options;
  makeRunFolder(dirname(socketPath));
  if (await answers(socketPath)) {
    throw new StatusError(`another hub answers at ${socketPath}: stop it, or give this one a run_dir and a data_dir of its own`);
  }
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.setHeader('connection', 'close');
    answer(request, options).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => send(response, 500, { error: 'failed', message: messageOf(error) }),
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

async function answer(request: IncomingMessage, { report, readiness, routes }: StatusServerOptions): Promise<SocketAnswer> {
  const ask = `${request.method ?? ''} ${request.url ?? ''}`;
  if (ask === 'GET /status') return { status: 200, body: await report() };
  if (ask === 'GET /ready') return readyAnswer(await readiness());
  const body = request.method === 'POST' ? await bodyOf(request, bodyBytesMaxOf(request.url)) : undefined;
  const actor = request.headers[actorHeader];
  const by = { actor: typeof actor === 'string' && /^console:[\w.@\\$-]{1,64}$/.test(actor) ? actor : 'console', address: '' };
  const answered = await routes?.(ask, body, by);
  return answered ?? { status: 404, body: { error: 'not-found', message: 'there is nothing at this path' } };
}

function readyAnswer(verdict: Verdict): SocketAnswer {
  return { status: verdict.ready ? 200 : 503, body: verdict };
}

/** Only what is restored may be large, and rows of many objects. */
function bodyBytesMaxOf(path: string | undefined): number {
  return path === restorePaths.lines || path === indexPath ? restoreBytesMax : bodyBytesMax;
}

async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) throw new StatusError('a body is bytes');
    bytes += part.length;
    if (bytes > bytesMax) throw new StatusError('the body is too large');
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status).end(`${JSON.stringify(body)}\n`);
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
