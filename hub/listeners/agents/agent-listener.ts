/**
 * Where agents connect: WebSocket at `/v1/agent`, on loopback. Anything else on the port gets an HTTP error and is closed, and
 * what is no HTTP at all is closed without one; neither reaches the intake.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { assert } from '@tributary/shared/assert.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { type Server as UpgradeServer, type WebSocket, WebSocketServer } from 'ws';
import type { Intake } from '../../intake/intake.ts';
import { AgentWebSocket } from './agent-web-socket.ts';
import { AgentSocket } from './agent-socket.ts';
import { type AgentListenerLimits, agentListenerLimitsDefault } from './limits.ts';
import { listenAddress, ListenAddressError } from './listen-address.ts';

export const agentPath = '/v1/agent';

export interface AgentListenerOptions {
  /** `host:port`, loopback only; port 0 takes a free one. */
  readonly address: string;
  readonly intake: Intake;
  readonly log: Logger;
  readonly limits?: Partial<AgentListenerLimits>;
}

export interface AgentListener extends AsyncDisposable {
  /** `host:port` as bound. */
  readonly address: string;
  /** Takes no more connections, sends the present ones to `hubs` or away, and resolves when they have gone or time is over. */
  drain(hubs: readonly string[], deadlineMs: number): Promise<void>;
}

/** Rejects with a ListenAddressError when the address cannot be had. */
export async function startAgentListener(options: AgentListenerOptions): Promise<AgentListener> {
  const { host, port } = await listenAddress(options.address);
  const limits = { ...agentListenerLimitsDefault, ...options.limits };
  const server = createServer({
    keepAlive: true,
    keepAliveInitialDelay: limits.keepAliveMs,
    noDelay: true,
    headersTimeout: limits.handshakeTimeoutMs,
    requestTimeout: limits.handshakeTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, limits.handshakeTimeoutMs),
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE' ? 'another program has it' : String(cause);
    throw new ListenAddressError(`cannot listen on ${options.address}: ${reason}`, { cause });
  }
  server.on('error', (error) => options.log.error('agent listener failed', { error }));
  return new WebSocketListener(server, options, limits);
}

class WebSocketListener implements AgentListener {
  readonly address: string;
  readonly #server: Server;
  readonly #webSockets: UpgradeServer<typeof AgentWebSocket>;
  readonly #options: AgentListenerOptions;
  readonly #limits: AgentListenerLimits;
  #closed: Promise<void> | undefined;

  constructor(server: Server, options: AgentListenerOptions, limits: AgentListenerLimits) {
    this.address = boundAddress(server);
    this.#server = server;
    this.#options = options;
    this.#limits = limits;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      WebSocket: AgentWebSocket,
      clientTracking: true,
      perMessageDeflate: false,
      maxPayload: limits.strangerPayloadBytesMax,
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('request', (_request, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket', connection: 'close' });
      response.end(`agents connect here by WebSocket at ${agentPath}\n`);
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    // Half as many again, so that one too many is told why; a flood is not.
    server.maxConnections = Math.ceil(limits.connectionsMax * 1.5);
  }

  async drain(hubs: readonly string[], deadlineMs: number): Promise<void> {
    void this.#stopListening();
    await this.#options.intake.drain(hubs, deadlineMs);
  }

  /** Ends what is still connected: the intake has said goodbye where it was asked to. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#stopListening();
    for (const socket of this.#webSockets.clients) closeThenTerminate(socket, this.#limits.closeTimeoutMs);
    this.#server.closeAllConnections();
    await closed;
  }

  /** Resolves when no connection is left. */
  #stopListening(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
    return this.#closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== agentPath) return refuse(socket, 404);
    if (this.#webSockets.clients.size >= this.#limits.connectionsMax) {
      this.#options.log.warn('too many agents: connection refused', { connectionsMax: this.#limits.connectionsMax });
      return refuse(socket, 503);
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { intake, log } = this.#options;
      const { remoteAddress = '', remotePort = 0 } = request.socket;
      const remote = `${isIPv6(remoteAddress) ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
      void new AgentSocket({ socket: webSocket, remote, intake, log, limits: this.#limits });
    });
  }
}

function boundAddress(server: Server): string {
  const bound = server.address();
  assert(bound !== null && typeof bound === 'object', 'the listener is bound to a port');
  return `${isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`;
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function closeThenTerminate(socket: WebSocket, timeoutMs: number): void {
  socket.close();
  setTimeout(() => socket.terminate(), timeoutMs).unref();
}
