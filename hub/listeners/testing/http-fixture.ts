/** The HTTP listeners over a real queue, and a registry of tokens only, for tests that talk to them as senders do. */
import { connect } from 'node:net';
import { zstdDecompressSync } from 'node:zlib';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { hashSecret, makeSecret, makeTokenId } from '../../access/secrets.ts';
import { Strangers } from '../../intake/strangers.ts';
import { hubOptions } from '../../options.ts';
import { frontTopic } from '../../queue/queue.ts';
import { openGate, type QuotaGate } from '../../quotas/quota-gate.ts';
import type { ApiTokenRecord } from '../../registry/registry.ts';
import { ProcessingLine, type LineOptions } from '../../testing/processing-line.ts';
import type { ApiRoutes, Authenticator } from '../http/api-routes.ts';
import type { HttpLimits } from '../http/limits.ts';
import type { ByteBudget } from '../http/logs/byte-budget.ts';
import { type HttpListeners, type HttpListenersParts, startHttpListeners } from '../http-listeners.ts';

export interface FixtureOptions {
  readonly http?: object;
  /** Of the configuration beside its listeners. */
  readonly config?: object;
  readonly push?: readonly object[];
  readonly line?: LineOptions;
  readonly quotas?: QuotaGate;
  readonly limits?: Partial<HttpLimits>;
  readonly routes?: readonly ApiRoutes[];
  readonly authenticators?: readonly Authenticator[];
  readonly tls?: HttpListenersParts['tls'];
  readonly budget?: ByteBudget;
}

export class HttpFixture implements AsyncDisposable {
  readonly line: ProcessingLine;
  readonly listeners: HttpListeners;
  readonly logged: readonly LogEntry[];
  readonly used: readonly string[];
  readonly #tokens: Map<string, ApiTokenRecord>;

  static async open(options: FixtureOptions = {}): Promise<HttpFixture> {
    await using unlessOpen = new AsyncDisposableStack();
    const line = unlessOpen.use(await ProcessingLine.open(options.line));
    const tokens = new Map<string, ApiTokenRecord>();
    const logged: LogEntry[] = [];
    const used: string[] = [];
    const log = createLogger({ level: 'debug', sink: (entry) => void logged.push(entry) });
    const push = (options.push ?? []).map((one) => ({ address: '127.0.0.1:0', tenant: 'acme', ...one }));
    const listeners = await startHttpListeners({
      options: hubOptions.parse({
        advertise: ['h:7701'],
        ...options.config,
        listeners: { http: { address: '127.0.0.1:0', ...options.http }, push },
      }),
      tls: options.tls,
      queue: line.queue,
      site: line.queue,
      registry: { apiToken: (tokenId) => tokens.get(tokenId), apiTokenUsed: (tokenId) => void used.push(tokenId) },
      quotas: options.quotas ?? openGate,
      clock: systemClock,
      log,
      strangers: new Strangers({ log, registry: undefined }),
      noteBytes: () => undefined,
      readiness: async () => ({ ready: true, why: '' }),
      api: { routes: options.routes ?? [], authenticators: options.authenticators ?? [] },
      limits: { lingerMs: 200, ...options.limits },
      ...(options.budget === undefined ? {} : { budget: options.budget }),
    });
    unlessOpen.move();
    return new HttpFixture({ line, listeners, logged, used, tokens });
  }

  private constructor(parts: {
    readonly line: ProcessingLine;
    readonly listeners: HttpListeners;
    readonly logged: readonly LogEntry[];
    readonly used: readonly string[];
    readonly tokens: Map<string, ApiTokenRecord>;
  }) {
    this.line = parts.line;
    this.listeners = parts.listeners;
    this.logged = parts.logged;
    this.used = parts.used;
    this.#tokens = parts.tokens;
  }

  get url(): string {
    return this.listeners.status().http?.url ?? '';
  }

  get pushUrl(): string {
    return this.listeners.status().push?.[0]?.url ?? '';
  }

  /** What stands behind `Bearer`. */
  addToken(changes: Partial<ApiTokenRecord> = {}): string {
    const secret = makeSecret();
    const common = { tenant: 'acme', scope: 'write', note: '', createdMs: 0, createdBy: 'test' } as const;
    const times = { expiresMs: undefined, revokedMs: undefined, lastUsedMs: undefined };
    const record = { ...common, ...times, tokenId: makeTokenId(), secretHash: hashSecret(secret), ...changes };
    this.#tokens.set(record.tokenId, record);
    return `tributary_${record.tokenId}_${secret}`;
  }

  changeToken(token: string, changes: Partial<ApiTokenRecord>): void {
    const record = this.#tokens.get(token.split('_')[1] ?? '');
    if (record !== undefined) this.#tokens.set(record.tokenId, { ...record, ...changes });
  }

  post(
    body: string | Uint8Array<ArrayBuffer>,
    given: { query?: string; headers?: Record<string, string>; token?: string } = {},
  ): Promise<Response> {
    const { query = '', headers = {}, token = this.addToken() } = given;
    const all = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${token}`, ...headers };
    return fetch(`${this.url}/api/v1/logs${query}`, { method: 'POST', headers: all, body });
  }

  postPlain(
    body: string | Uint8Array<ArrayBuffer>,
    given: { query?: string; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const { query = '', headers = {} } = given;
    const all = { 'content-type': 'application/x-ndjson', ...headers };
    return fetch(`${this.pushUrl}/api/v1/logs${query}`, { method: 'POST', headers: all, body });
  }

  /** Records of a channel's front topic, in order. */
  async records(channel = 'acme/app'): Promise<string[]> {
    const from = { topic: frontTopic(channel), partition: 0, afterSequence: 0 };
    const entries = await this.line.queue.read(from, { entries: 10_000, bytes: 1 << 30 });
    return entries.flatMap(({ body, segments }) => {
      const bytes = zstdDecompressSync(body);
      let at = 0;
      return segments.flatMap(({ lengths }) => lengths.map((length) => bytes.toString('utf8', at, (at += length))));
    });
  }

  async hosts(channel = 'acme/app'): Promise<string[]> {
    const from = { topic: frontTopic(channel), partition: 0, afterSequence: 0 };
    const entries = await this.line.queue.read(from, { entries: 10_000, bytes: 1 << 30 });
    return entries.flatMap(({ segments }) => segments.map(({ stream }) => stream.attributes.host));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listeners[Symbol.asyncDispose]();
    await this.line[Symbol.asyncDispose]();
  }
}

/** Writes bytes to a port as they are, and gives back what came until the other end closed, or until `enough` of it. */
export async function talk(
  url: string,
  bytes: string | Buffer,
  enough: (answer: string) => boolean = () => false,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', () => resolve(answer)).on('close', () => resolve(answer));
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    if (enough(answer)) socket.destroy();
  });
  socket.write(bytes);
  return promise;
}
