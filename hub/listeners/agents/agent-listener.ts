/**
 * Where agents and lower sites connect: WebSocket at `/v1/agent`, over TLS with a certificate, or plain on loopback and where the
 * configuration says so; and where they enrol. Anything else on the port gets an HTTP error with a sentence for a person and is
 * closed, what is no HTTP at all is closed without one. Nothing reaches the intake whose peer is not known.
 */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import { Server as TlsServer, TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import { stillHereMs } from '@tributary/protocol/limits.ts';
import { AllowList } from '@tributary/shared/network/allow-list.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { giveBackMemory, SpareMemory } from '@tributary/shared/spare-memory.ts';
import { type Server as UpgradeServer, type WebSocket, WebSocketServer } from 'ws';
import type { EnrolmentRoutes } from '../../enrolment/enrolment-routes.ts';
import type { Intake } from '../../intake/intake.ts';
import type { PeerIdentity, PeerVerdict } from '../../intake/peer-identity.ts';
import type { Strangers } from '../../intake/strangers.ts';
import { ConnectionGate, type GateCounters } from '../connection-gate.ts';
import {
  boundAddress,
  hostPortText,
  type ListenAddress,
  listenAddress,
  ListenAddressError,
  listenOn,
} from '../listen-address.ts';
import { FailureLimiter } from '../failure-limiter.ts';
import { createAgentServer, followMaterial, type ListenerTls } from './agent-server.ts';
import { AgentSocket } from './agent-socket.ts';
import { AgentWebSocket } from './agent-web-socket.ts';
import { type AgentListenerLimits, agentListenerLimitsDefault, handshakeMemoryBytes, strangerTries } from './limits.ts';
import { restOf } from './sign-of-life.ts';
import { type CertificateJudge, judgeCertificate, presentedBy } from './peer-certificate.ts';

export const agentPath = '/v1/agent';

/** What stands between a connection and the intake. */
export type Door =
  /** `tenant` is undefined only on loopback. */
  | { readonly kind: 'plain'; readonly tenant: string | undefined }
  | {
      readonly kind: 'tls';
      readonly tls: ListenerTls;
      readonly judge: CertificateJudge;
      readonly enrolment: EnrolmentRoutes | undefined;
    };

export interface AgentListenerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  readonly door: Door;
  /** Only addresses in these networks may connect; undefined: all. */
  readonly allowCidr?: readonly string[] | undefined;
  readonly intake: Intake;
  readonly strangers: Strangers;
  readonly log: Logger;
  readonly limits?: Partial<AgentListenerLimits>;
}

export interface AgentListener extends AsyncDisposable {
  /** `host:port` as bound. */
  readonly address: string;
  readonly tls: boolean;
  /** Rejects with the reason when it takes no connection now. */
  knock(): Promise<void>;
  /** Takes no more connections, sends the present ones to `hubs` or away, and resolves when they have gone or time is over. */
  drain(hubs: readonly string[], deadlineMs: number): Promise<void>;
}

/** Rejects with a ListenAddressError when the address cannot be had, or must not be without TLS. */
export async function startAgentListener(options: AgentListenerOptions): Promise<AgentListener> {
  const { door, log } = options;
  const address = await listenAddress(options.address);
  checkAddress(address, options);
  const limits = { ...agentListenerLimitsDefault, ...options.limits };
  const server = createAgentServer(door.kind === 'tls' ? door.tls : undefined, limits);
  const listener = new WebSocketListener(server, options, limits);
  try {
    await listenOn(server, address, options.address);
  } catch (error) {
    await listener[Symbol.asyncDispose]();
    throw error;
  }
  server.on('error', (error) => log.error('agent listener failed', { error }));
  log.debug('agents can connect', { address: listener.address });
  return listener;
}

/** The configuration was checked for it; a name may stand for another address than its reader thought. */
function checkAddress({ isLoopback }: ListenAddress, { address, door }: AgentListenerOptions): void {
  if (isLoopback || door.kind === 'tls' || door.tenant !== undefined) return;
  throw new ListenAddressError(
    `will not listen on ${address} without TLS, as other machines reach it: run tributary-hub init or give tls, or declare the listener plaintext: true`,
  );
}

class WebSocketListener implements AgentListener {
  readonly #server: Server;
  readonly #gate: ConnectionGate;
  readonly #webSockets: UpgradeServer<typeof AgentWebSocket>;
  readonly #agents = new Set<AgentSocket>();
  readonly #options: AgentListenerOptions;
  readonly #limits: AgentListenerLimits;
  readonly #lookMs: number;
  readonly #looking: NodeJS.Timeout;
  readonly #spareMemory: SpareMemory;
  #connectedCount = 0;
  readonly #unfollow: () => void;
  #address: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(server: Server, options: AgentListenerOptions, limits: AgentListenerLimits) {
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
    server.on('request', (request, response) => this.#request(request, response));
    server.on('clientError', (error, socket) => refuseBadRequest(error, socket));
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => this.#handshakeFailed(error, socket));
    const { connectionsMax, connectionsPerAddressMax } = limits;
    this.#gate = new ConnectionGate({
      limits: { connectionsMax, connectionsPerAddressMax },
      allowed: new AllowList(options.allowCidr),
      tries: options.door.kind === 'tls' ? new FailureLimiter(strangerTries(connectionsPerAddressMax)) : undefined,
      onRefused: (reason, remote) => options.strangers.count(reason, remote, gateHints[reason]),
    });
    this.#gate.guard(server);
    const { door, log } = options;
    this.#unfollow = server instanceof TlsServer && door.kind === 'tls' ? followMaterial(server, door.tls, log) : () => undefined;
    this.#spareMemory = new SpareMemory({
      workBytes: () => this.#connectedCount * handshakeMemoryBytes,
      giveBack: () => giveBackMemory('regular'),
    });
    this.#lookMs = Math.min(stillHereMs, limits.slowWindowMs, limits.askAfterMsMin);
    this.#looking = setInterval(() => this.#lookAtAgents(), this.#lookMs).unref();
  }

  get address(): string {
    this.#address ??= boundAddress(this.#server);
    return this.#address;
  }

  get tls(): boolean {
    return this.#options.door.kind === 'tls';
  }

  async knock(): Promise<void> {
    await this.#gate.knock();
  }

  async drain(hubs: readonly string[], deadlineMs: number): Promise<void> {
    void this.#stopListening();
    await this.#options.intake.drain(hubs, deadlineMs);
  }

  /** Ends what is still connected: the intake has said goodbye where it was asked to. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    this.#unfollow();
    const closed = this.#stopListening();
    for (const socket of this.#webSockets.clients) closeThenTerminate(socket, this.#limits.closeTimeoutMs);
    this.#server.closeAllConnections();
    this.#gate.cutStrangers();
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
    destroyOnError(socket);
    if (this.#gate.isOver(request.socket)) return refuse(socket, 503, tooMany);
    if (request.url?.split('?')[0] !== agentPath) return refuse(socket, 404, { error: 'not-found', hint: elsewhere });
    // A page in somebody's browser reaches the loopback too, and says where it is from; agents do not.
    if (request.headers.origin !== undefined) return refuse(socket, 403, { error: 'origin', hint: 'no page connects here' });
    const identity = this.#identify(request);
    if (identity.kind === 'refused') return refuse(socket, 401, { error: identity.error, hint: identity.hint });
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#connected(webSocket, request, identity));
  }

  #connected(socket: AgentWebSocket, request: IncomingMessage, identity: PeerIdentity): void {
    const { intake, log } = this.#options;
    this.#gate.known(request.socket);
    this.#connectedCount += 1;
    const remote = remoteOf(request);
    const parts = { socket, stream: request.socket, remote, identity, intake, log, limits: this.#limits, lookMs: this.#lookMs };
    const agent = new AgentSocket(parts);
    this.#agents.add(agent);
    socket.once('close', () => this.#agents.delete(agent));
  }

  #identify(request: IncomingMessage): PeerIdentity | Extract<PeerVerdict, { kind: 'refused' }> {
    const { door, strangers } = this.#options;
    if (door.kind === 'plain') return { kind: 'plain', tenant: door.tenant };
    const verdict = this.#judge(request.socket, door.judge);
    if (verdict.kind === 'known') return verdict.identity;
    const { error: reason, hint, subject } = verdict;
    const remote = remoteOf(request);
    // Who has none yet is no intruder: a browser, a check of a balancer, an agent that was not enrolled.
    if (reason === 'no-certificate') strangers.count(reason, remote, 'a peer without certificate was turned away');
    else strangers.turnedAway({ reason, remote, subject, hint });
    return verdict;
  }

  #judge(socket: Duplex, judge: CertificateJudge): PeerVerdict {
    const presented = socket instanceof TLSSocket ? presentedBy(socket) : { certificate: undefined, problem: undefined };
    return judgeCertificate(presented, judge);
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('connection', 'close');
    if (this.#gate.isOver(request.socket)) return answer(response, 503, tooMany);
    const { door } = this.#options;
    const [path = ''] = request.url?.split('?') ?? [];
    if (door.kind === 'tls' && door.enrolment?.has(path) === true) {
      const { remoteAddress: address = '' } = request.socket;
      const verdict = (): PeerVerdict => this.#judge(request.socket, door.judge);
      // Who was given a certificate is no stranger: a thousand machines behind one address enrol within a minute.
      response.once('finish', () => response.statusCode === 200 && this.#gate.known(request.socket));
      return door.enrolment.handle(request, response, { path, address, remote: remoteOf(request), verdict });
    }
    response.setHeader('upgrade', 'websocket');
    answer(response, 426, { error: 'websocket', hint: `agents connect here by WebSocket at ${agentPath}` });
  }

  #handshakeFailed(error: Error, socket: TLSSocket): void {
    const code = 'code' in error ? String(error.code) : 'unknown';
    this.#options.strangers.count('handshake', addressBeneath(socket), `a TLS handshake failed (${code})`);
  }

  #lookAtAgents(): void {
    const nowMs = performance.now();
    const restMs = restOf(this.#agents.size, this.#limits);
    for (const agent of this.#agents) agent.look(nowMs, restMs);
    this.#spareMemory.look();
  }
}

/** A function of its own: one within another that knows the request would keep that as long as the socket. */
function destroyOnError(socket: Duplex): void {
  socket.on('error', () => socket.destroy());
}

interface Refusal {
  readonly error: string;
  readonly hint: string;
}

const elsewhere = `agents connect at ${agentPath}`;
const tooMany: Refusal = {
  error: 'too-many-connections',
  hint: 'this hub has as many connections as it takes, in all or from this address: see listeners.agents.limits of its configuration',
};
const gateHints: Readonly<Record<keyof GateCounters, string>> = {
  notAllowed: 'a connection from outside allow_cidr was cut off',
  tooMany: 'too many connections: some are refused; see listeners.agents.limits.connections',
  tooOften: 'too many connections of one address came to nothing: some are cut off',
  tooManyOfAddress: 'too many connections of one address: some are refused; see listeners.agents.limits.connections_per_address',
};

function remoteOf({ socket: { remoteAddress = '', remotePort = 0 } }: IncomingMessage): string {
  return hostPortText(remoteAddress, remotePort);
}

/** Of a connection that is closed already Node knows it only in the socket beneath TLS, whose address the gate has looked at. */
function addressBeneath(socket: TLSSocket): string {
  // oxlint-disable-next-line no-underscore-dangle -- that is its name
  const beneath: unknown = '_parent' in socket ? socket._parent : undefined;
  return (beneath instanceof Socket ? beneath.remoteAddress : socket.remoteAddress) ?? '';
}

function answer(response: ServerResponse, status: number, refusal: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(refusal)}\n`);
}

function refuse(socket: Duplex, status: number, refusal: Refusal): void {
  const body = `${JSON.stringify(refusal)}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.once('finish', () => socket.destroy());
}

function refuseBadRequest(error: Error, socket: Duplex): void {
  const isTooLong = 'code' in error && error.code === 'HPE_HEADER_OVERFLOW';
  if (!isTooLong || !socket.writable) socket.destroy();
  else refuse(socket, 431, { error: 'headers-too-long', hint: 'the headers of this request are longer than this hub reads' });
}

function closeThenTerminate(socket: WebSocket, timeoutMs: number): void {
  socket.close();
  setTimeout(() => socket.terminate(), timeoutMs).unref();
}
