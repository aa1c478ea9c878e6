/** A site with its authority, its registry and the agents' listener over TLS, in a temporary folder: for tests with real sockets. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { decode, encode } from '@tributary/protocol/codec.ts';
import type { CertificateNames } from '@tributary/protocol/enrolment/certificate-names.ts';
import { enrolPath, type EnrolRequest, proofText, renewPath } from '@tributary/protocol/enrolment/messages.ts';
import type { Id, Message } from '@tributary/protocol/messages.ts';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { WebSocket } from 'ws';
import { hashSecret, makeSecret, makeTokenId } from '../../access/secrets.ts';
import { Authority } from '../../certificates/authority.ts';
import { type HubTls, openHubTls } from '../../certificates/hub-tls.ts';
import { renewHubCertificate } from '../../certificates/hub-certificate.ts';
import { makePkiFolder, pkiFiles } from '../../certificates/pki-files.ts';
import { Burst } from '../../groups/burst.ts';
import { createIntake, type Intake } from '../../intake/intake.ts';
import type { IntakeLimits } from '../../intake/limits.ts';
import { Strangers } from '../../intake/strangers.ts';
import { hubOptions, type HubOptions } from '../../options.ts';
import { openSqliteFixture, type SqliteQueueFixture } from '../../queue/sqlite/sqlite-fixture.ts';
import { openRegistry } from '../../registry/open-registry.ts';
import type { EnrolmentTokenRecord, Registry } from '../../registry/registry.ts';
import { type AgentListener, agentPath, startAgentListener } from './agent-listener.ts';
import { agentsDoor } from './agents-door.ts';
import type { AgentListenerLimits } from './limits.ts';

export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

export interface DoorOptions {
  readonly limits?: Partial<AgentListenerLimits>;
  readonly tls?: Partial<NonNullable<HubOptions['tls']>>;
  readonly intakeLimits?: Partial<IntakeLimits>;
  /** The company's, in place of the site's own. */
  readonly authority?: Authority;
  /** Of the intake: when certificates of connections end. */
  readonly clock?: Clock;
}

const hourMs = 3_600_000;
const quick = { tickMs: 10, retryAfterMs: 10 };

export class DoorFixture implements AsyncDisposable {
  readonly folder: string;
  readonly store: SqliteQueueFixture;
  readonly registry: Registry;
  readonly authority: Authority;
  readonly tls: HubTls;
  readonly intake: Intake;
  readonly listener: AgentListener;
  readonly strangers: Strangers;
  readonly logged: readonly LogEntry[];

  private constructor(
    parts: Omit<
      DoorFixture,
      typeof Symbol.asyncDispose | 'siteId' | 'port' | 'connect' | 'agent' | 'token' | 'post' | 'renewHub'
    >,
  ) {
    this.folder = parts.folder;
    this.store = parts.store;
    this.registry = parts.registry;
    this.authority = parts.authority;
    this.tls = parts.tls;
    this.intake = parts.intake;
    this.listener = parts.listener;
    this.strangers = parts.strangers;
    this.logged = parts.logged;
  }

  static async open({
    limits = {},
    tls: tlsOptions = {},
    intakeLimits = {},
    authority: company,
    clock = systemClock,
  }: DoorOptions = {}): Promise<DoorFixture> {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-door-'));
    const store = await openSqliteFixture();
    const { siteId, hubId } = store.queue;
    const logged: LogEntry[] = [];
    const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
    const files = pkiFiles(folder);
    await makePkiFolder(files);
    const authority = await Authority.create(files, { name: 'test' }, systemClock);
    await renewHubCertificate({ authority, files, siteId, hubId, hosts: [], nowMs: Date.now() });
    const agents = { address: '127.0.0.1:0' };
    const ca = join(folder, 'company.crt');
    if (company !== undefined) writeFileSync(ca, company.pem);
    const ownPki = company !== undefined;
    const tlsGiven = { ...tlsOptions, ...(ownPki && { ca }) };
    const options = hubOptions.parse({ data_dir: folder, site: 'test', listeners: { agents }, tls: tlsGiven });
    const tls = await openHubTls({ options, siteId, hubId, log, clock: systemClock });
    if (tls === undefined) throw new Error('these options have TLS');
    const registry = await openRegistry({ folder, log, thread: false, create: true });
    const strangers = new Strangers({ log, registry });
    const burst = new Burst(systemClock, Infinity);
    const { queue } = store;
    const intake = createIntake({
      queue,
      siteId,
      hubId,
      burst,
      log,
      registry,
      ownPki,
      strangers,
      clock,
      limits: { ...quick, ...intakeLimits },
    });
    let listener: AgentListener | undefined;
    const bound = (): string => listener?.address ?? '';
    const door = agentsDoor({ options, siteId, tls, registry, strangers, log, bound });
    listener = await startAgentListener({ ...door, limits: { ...door.limits, ...limits }, intake, strangers, log });
    return new DoorFixture({ folder, store, registry, authority, tls, intake, listener, strangers, logged });
  }

  get siteId(): Id {
    return this.store.queue.siteId;
  }

  get port(): number {
    return Number(this.listener.address.split(':')[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener[Symbol.asyncDispose]();
    await this.intake[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    await this.tls[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true });
  }

  /** Has the hub's certificate signed anew, for one more name. */
  async renewHub(): Promise<void> {
    const { authority, siteId, folder } = this;
    const { hubId } = this.store.queue;
    const files = pkiFiles(folder);
    await renewHubCertificate({ authority, files, siteId, hubId, hosts: ['hub.example'], nowMs: Date.now() });
  }

  /** The TLS connection alone. */
  async connect(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({ port: this.port, host: '127.0.0.1', ca: this.authority.pem, ...options });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  }

  /** A peer at the WebSocket: rejects with the hub's answer where it is turned away. */
  async agent(credentials?: Credentials): Promise<TestAgent> {
    const { promise, resolve, reject } = Promise.withResolvers<TestAgent>();
    const url = `wss://127.0.0.1:${this.port}${agentPath}`;
    const socket = new WebSocket(url, { perMessageDeflate: false, ca: this.authority.pem, ...credentials });
    socket.on('error', reject);
    socket.on('unexpected-response', (_, response) => {
      void bodyOf(response).then((body) => reject(new TurnedAway(response.statusCode ?? 0, body)), reject);
    });
    socket.on('upgrade', (response) => resolve(new TestAgent(socket, response.socket)));
    const agent = await promise;
    if (socket.readyState === WebSocket.CONNECTING) await once(socket, 'open');
    return agent;
  }

  async token(changes: Partial<EnrolmentTokenRecord> = {}): Promise<{ readonly tokenId: string; readonly secret: string }> {
    const [tokenId, secret] = [makeTokenId(), makeSecret()];
    const now = Date.now();
    await this.registry.addEnrolmentToken(
      {
        tokenId,
        secretHash: hashSecret(secret),
        kind: 'agent',
        tenants: ['acme'],
        labels: { rack: '7' },
        usesMax: 1,
        uses: 0,
        createdMs: now,
        createdBy: 'test',
        expiresMs: now + hourMs,
        revokedMs: undefined,
        ...changes,
      },
      { actor: 'test', address: '' },
    );
    return { tokenId, secret };
  }

  async post(path: string, body: unknown, credentials?: Credentials): Promise<PostAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const request = httpsRequest({
      port: this.port,
      host: '127.0.0.1',
      ca: this.authority.pem,
      method: 'POST',
      path,
      agent: false,
      ...credentials,
    });
    request.end(text);
    const { promise, resolve, reject } = Promise.withResolvers<PostAnswer>();
    request.on('error', reject);
    request.on('response', (response) => {
      const { statusCode: status = 0, headers } = response;
      void bodyOf(response).then((answer) => resolve({ status, headers, body: answer }), reject);
    });
    return await promise;
  }
}

export interface PostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The HTTP answer instead of a WebSocket. */
export class TurnedAway extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(`${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export class TestAgent {
  readonly socket: WebSocket;
  /** Beneath the frames. */
  readonly stream: Socket;
  readonly closed: Promise<unknown>;
  readonly received: Message[] = [];
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket, stream: Socket) {
    this.socket = socket;
    this.stream = stream;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('message', (data) => {
      if (data instanceof Uint8Array) this.received.push(decode(data));
      this.#wake();
    });
  }

  send(...messages: readonly Message[]): void {
    for (const message of messages) this.socket.send(encode(message));
  }

  /** The newest message of a kind, once there is one. */
  async until<Kind extends Message['kind']>(kind: Kind): Promise<Extract<Message, { kind: Kind }>> {
    for (;;) {
      const found = this.received.findLast((message) => message.kind === kind);
      if (found !== undefined && isOfKind(found, kind)) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function isOfKind<Kind extends Message['kind']>(message: Message, kind: Kind): message is Extract<Message, { kind: Kind }> {
  return message.kind === kind;
}

export function newClientKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

/** What proves that whoever asks has the key. */
export function keyToCertify(key: KeyObject, context: string, id: Id): { publicKey: string; proof: string } {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return { publicKey, proof: sign('sha256', Buffer.from(proofText(context, id, publicKey)), key).toString('base64') };
}

export function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}

export function randomId(): Id {
  return randomBytes(16).toString('hex');
}

export interface Enrolled extends Credentials {
  readonly agentId: Id;
  /** Of a lower site's hub. */
  readonly siteId?: Id | undefined;
  readonly instanceId: Id;
  readonly bootId: Id;
}

export function enrolRequest(
  token: { readonly tokenId: string; readonly secret: string },
  key: KeyObject,
  changes: Partial<EnrolRequest> = {},
): EnrolRequest {
  const id = changes.id ?? randomId();
  return {
    ...keyToCertify(key, `enrol ${token.tokenId}`, id),
    ...token,
    kind: 'agent',
    id,
    instanceId: randomId(),
    bootId: randomId(),
    host: 'web1',
    version: '1.0.0',
    ...(changes.kind === 'hub' && { siteId: randomId() }),
    ...changes,
  };
}

/** By the routes, as an agent does it. */
export async function enrolled(door: DoorFixture, changes: Partial<EnrolmentTokenRecord> = {}): Promise<Enrolled> {
  const token = await door.token(changes);
  const key = newClientKey();
  const request = enrolRequest(token, key, { kind: changes.kind ?? 'agent' });
  const { status, body } = await door.post(enrolPath, request);
  if (status !== 200) throw new Error(`enrolment failed: ${status} ${JSON.stringify(body)}`);
  const { id: agentId, siteId, instanceId, bootId } = request;
  return { agentId, siteId, instanceId, bootId, cert: String(body['certificate']), key: pemOf(key) };
}

/** Signed by an authority without anybody's knowledge. */
export async function signed(authority: Authority, names: CertificateNames, lifetimeMs = hourMs): Promise<Credentials> {
  const key = newClientKey();
  const publicKey = createPublicKey(key);
  if (names.kind === 'hub') return { cert: (await authority.signHub({ publicKey, names, hosts: [] })).pem, key: pemOf(key) };
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { cert: (await authority.signClient({ publicKey: der, names, lifetimeMs })).pem, key: pemOf(key) };
}

/** An authority that is not the site's. */
export async function strangeAuthority(clock: Clock = systemClock): Promise<Authority> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-authority-'));
  const files = pkiFiles(folder);
  await makePkiFolder(files);
  const authority = await Authority.create(files, { name: 'other' }, clock);
  rmSync(folder, { recursive: true });
  return authority;
}

export { enrolPath, renewPath };

async function bodyOf(stream: AsyncIterable<unknown>): Promise<Readonly<Record<string, unknown>>> {
  let text = '';
  for await (const part of stream) text += String(part);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`no JSON object: ${text}`);
  return { ...value };
}
