/**
 * A server of Node's own with every limit set, plain or with TLS: who may connect, how many, how long a handshake, headers, a request and
 * silence may take. Both the API and the push listeners stand on it.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { unreachable } from '@tributary/shared/assert.ts';
import { AllowList } from '@tributary/shared/network/allow-list.ts';
import type { HubTls } from '../../certificates/hub-tls.ts';
import type { Strangers } from '../../intake/strangers.ts';
import { ConnectionGate, type GateCounters } from '../connection-gate.ts';
import { onClientError, plainAnswer } from './client-error.ts';
import { retryAfter } from './http-error.ts';
import type { HttpLimits } from './limits.ts';

/** What a listener needs of the hub's certificates. */
export interface ServerTls extends Pick<HubTls, 'httpContext'> {
  readonly material: { onChanged(listener: () => void): () => void };
}

export interface LimitedServerOptions {
  /** As the configuration has it, for people. */
  readonly name: string;
  readonly tls: ServerTls | undefined;
  readonly allowCidr: readonly string[] | undefined;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** From the connection to the end of the TLS handshake, and from there to the end of the headers. */
  readonly handshakeTimeoutMs: number;
  readonly limits: HttpLimits;
  readonly strangers: Pick<Strangers, 'count'>;
}

export interface LimitedServer extends AsyncDisposable {
  readonly server: Server;
  readonly gate: ConnectionGate;
  /** Takes no more connections, lets requests under way be answered for so long, and ends the rest. */
  drain(deadlineMs: number): Promise<void>;
}

export function createLimitedServer(options: LimitedServerOptions, handle: RequestListener): LimitedServer {
  const { limits, tls } = options;
  const own = new AsyncDisposableStack();
  const server = tls === undefined ? createServer(serverOptions(options)) : own.use(tlsServer(options, tls)).server;
  server.timeout = limits.stalledTimeoutMs;
  server.maxHeadersCount = limits.headersMax;
  const gate = new ConnectionGate({
    limits: { connectionsMax: options.connectionsMax, connectionsPerAddressMax: options.connectionsPerAddressMax },
    allowed: new AllowList(options.allowCidr),
    onRefused: (reason, address) => options.strangers.count(`http-${reason}`, address, hintOf(reason, options.name)),
  });
  let closed: Promise<void> | undefined;
  server.on('request', (request, response) => {
    response.once('close', () => {
      // A connection that stays open for another request would hold up the stop.
      if (closed !== undefined) setImmediate(() => server.closeIdleConnections());
    });
    if (gate.isOver(request.socket)) request.socket.end(tooMany, () => request.socket.destroy());
    else handle(request, response);
  });
  server.on('clientError', onClientError);
  server.on('secureConnection', (socket: Socket) => gate.known(socket));
  gate.guard(server);
  const drain = async (deadlineMs: number): Promise<void> => {
    closed ??= new Promise((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    if (tls !== undefined) gate.cutStrangers();
    const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
    await closed;
    clearTimeout(timer);
  };
  own.defer(() => drain(0));
  return { server, gate, drain, [Symbol.asyncDispose]: () => own.disposeAsync() };
}

const tooMany = plainAnswer(
  { status: 503, error: 'too-many-connections', message: 'there are too many connections now: try again later' },
  retryAfter(5000),
);

function hintOf(reason: keyof GateCounters, name: string): string {
  switch (reason) {
    case 'notAllowed':
      return `a connection from outside ${name}.allow_cidr was cut off`;
    case 'tooMany':
      return `too many connections: some are refused; see ${name}.limits.connections`;
    case 'tooManyOfAddress':
      return `too many connections of one address: some are refused; see ${name}.limits.connections_per_address`;
    case 'tooOften':
      return 'too many connections of one address came to nothing: some are cut off';
    default:
      return unreachable(reason);
  }
}

function serverOptions({ handshakeTimeoutMs, limits }: LimitedServerOptions): Parameters<typeof createServer>[0] & object {
  return {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: Math.max(limits.requestTimeoutMs, handshakeTimeoutMs),
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, handshakeTimeoutMs),
    maxHeaderSize: limits.headerBytesMax,
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
    keepAlive: true,
  };
}

/** The certificate follows its files; connections that are open keep the one that they began with. */
function tlsServer(options: LimitedServerOptions, tls: ServerTls): { server: Server } & Disposable {
  const server = createTlsServer({
    ...serverOptions(options),
    ...tls.httpContext(),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: options.handshakeTimeoutMs,
  });
  server.on('tlsClientError', (error: Error & { readonly code?: string }, socket) => {
    const hint = `a TLS handshake failed at ${options.name} (${error.code ?? 'unknown'})`;
    options.strangers.count('http-handshake', socket.remoteAddress ?? '', hint);
    socket.destroy();
  });
  return { server, [Symbol.dispose]: tls.material.onChanged(() => server.setSecureContext(tls.httpContext())) };
}
