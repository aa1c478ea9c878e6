/** The HTTP API with its real server, registry and routes, people and tokens in it, and passwords that cost nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import type { Grant, Scope } from '../access/access.ts';
import type { Passwords } from '../access/login.ts';
import { Alerts } from '../alerts/alerts.ts';
import { OperationError } from '../channels/operation-error.ts';
import { LoginThrottle } from '../access/login-throttle.ts';
import { formatApiToken, hashSecret, makeSecret, makeTokenId } from '../access/secrets.ts';
import { createPeopleApi } from '../listeners/http/people-api.ts';
import type { HealthTree } from '../health/model/health-model.ts';
import type { AgentRouteParts } from '../listeners/http/routes/agent-routes.ts';
import { ownNames } from '../listeners/http/own-host.ts';
import { type HttpListener, startHttpListener } from '../listeners/http/server.ts';
import { tokenAuthenticator } from '../listeners/http/token-authenticator.ts';
import { Strangers } from '../intake/strangers.ts';
import { AgentStates } from '../measurements/agents/agent-states.ts';
import { StreamTimes } from '../measurements/agents/stream-times.ts';
import { hubOptions } from '../options.ts';
import { emptyPipelineSet } from '../processing/definition/pipeline-set.ts';
import { SearchThreads } from '../outputs/archive/search/search-threads.ts';
import { openRegistry } from '../registry/open-registry.ts';
import type { AuditEvent, Registry, StoredAuditEvent, UserRecord } from '../registry/registry.ts';
import type { Search } from '../search/open-search.ts';
import { PipelinePreviews } from '../search/pipeline-previews.ts';
import type { SearchStore } from '../search/search-store.ts';
import { Searches } from '../search/searches.ts';
import { Tails } from '../search/tails.ts';

export interface PeopleServerOptions {
  /** Of the configuration file. */
  readonly oidc?: Readonly<Record<string, unknown>>;
  readonly sessions?: Readonly<Record<string, unknown>>;
  /** As if there were TLS. */
  readonly isSecure?: boolean;
  readonly passwords?: Passwords;
  /** What can be searched: nothing unless told. */
  readonly stores?: readonly SearchStore[];
  /** Of health: empty unless told. */
  readonly tree?: HealthTree;
}

export const testPassword = 'correct horse battery';
/** A site that enrols agents: all of it that tokens need. */
const enrolling = { authority: {}, material: { current: { anchorFingerprint: 'ab'.repeat(32) } } };

/** Nobody is told. */
function untoldAlerts(registry: Registry, clock: Clock, tree: HealthTree): Alerts {
  return new Alerts({
    site: { name: 'test', siteId: 'ab'.repeat(16) },
    options: () => hubOptions.parse({}).alerts,
    tree: () => tree,
    registry,
    cluster: { underLock: async () => undefined },
    findings: { set: () => undefined },
    clock,
    logger: createLogger({ level: 'error', sink: () => undefined }),
  });
}

/** One channel, and nothing in it. */
const noOperations = {
  channels: {
    list: async () => [],
    topics: async () => [],
    pause: async () => [],
    seek: async () => [],
    skip: async () => ({ partition: 0, skipped: 0 }),
  },
  outputs: {
    list: async () => ({ outputs: [], removed: [] }),
    forget: async () => Promise.reject(new OperationError('unknown', 'no output of this name is gone')),
  },
  deadLetters: {
    job: undefined,
    list: async () => ({ letters: [], unreadable: 0, isPartial: false, entries: [], job: undefined }),
    show: async () => [],
    replay: () => Promise.reject(new OperationError('refused', 'there are none')),
    drop: () => Promise.reject(new OperationError('refused', 'there are none')),
    stop: async () => undefined,
    replayEntries: async () => ({ done: 0, stayed: [] }),
    dropEntries: async () => ({ done: 0, stayed: [] }),
  },
  housekeeping: {
    last: undefined,
    plan: async () => ({ removals: [], kinds: [], notes: [] }),
    ask: async () => 'wish',
  },
};

const noFlow = {
  atMs: 0,
  agents: { known: 0, connected: 0, state: 'green' as const },
  listeners: [],
  channels: [],
  outputs: [],
};

/** Of the registry, and none of them has told anything yet. */
function untoldAgents(registry: Registry, clock: Clock): AgentRouteParts['agents'] {
  const queue = { streamsOf: () => Readable.from([]), gapsOf: async () => [] };
  const states = new AgentStates(clock);
  const streamTimes = new StreamTimes(clock);
  return { siteId: 'ab'.repeat(16), registry, states, queue, streamTimes, places: () => new Map(), health: () => undefined };
}

/** Nothing that comes. */
function searchOf(stores: readonly SearchStore[], registry: Registry, clock: Clock): Search {
  const queue = { onAppended: () => () => undefined, measure: async () => ({ entries: [] }), read: async () => [] };
  const record: Registry['record'] = (event) => registry.record(event);
  return {
    searches: new Searches({ stores: () => stores, registry, clock }),
    tails: new Tails({ queue, clock, record, threads: new SearchThreads({ size: 1 }) }),
    stored: () => stores,
    previews: new PipelinePreviews({
      set: () => emptyPipelineSet,
      limits: { scriptTimeLimitMs: 1000, memoryBytes: 2 ** 28 },
      queue: { topics: () => [] },
      store: () => stores[0],
      registry,
      clock,
    }),
  };
}

/** Quick, and as good as the real ones for everything but secrecy. */
export const quickPasswords: Passwords = {
  verify: async (password, hash) => hash === `quick$${password}`,
  hash: async (password) => `quick$${password}`,
};

const byConsole: AuditEvent = {
  action: 'user-added',
  actor: 'console:test',
  address: '',
  outcome: 'success',
  tenant: undefined,
  details: {},
};

export class PeopleServer implements AsyncDisposable {
  readonly registry: Registry;
  readonly listener: HttpListener;
  readonly logged: LogEntry[];
  readonly #folder: string;
  readonly #clock: { ahead: number };

  private constructor(parts: {
    registry: Registry;
    listener: HttpListener;
    logged: LogEntry[];
    folder: string;
    clock: { ahead: number };
  }) {
    this.registry = parts.registry;
    this.listener = parts.listener;
    this.logged = parts.logged;
    this.#folder = parts.folder;
    this.#clock = parts.clock;
  }

  static async start(options: PeopleServerOptions = {}): Promise<PeopleServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tb-people-'));
    const logged: LogEntry[] = [];
    const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
    const moved = { ahead: 0 };
    const clock: Clock = {
      ...systemClock,
      now: () => systemClock.now() + moved.ahead,
      monotonic: () => systemClock.monotonic() + moved.ahead,
    };
    const registry = await openRegistry({ folder, log, clock, thread: false });
    const { isSecure = false, passwords = quickPasswords, stores = [], tree = new Map(), ...configured } = options;
    const parsed = hubOptions.parse({ tls: {}, ...configured, listeners: { http: { address: '127.0.0.1:0' } } });
    const api = createPeopleApi({
      options: parsed,
      registry,
      passwords,
      clock,
      log,
      isSecure,
      report: async () => ({ program: 'tributary-hub', state: 'ready' }),
      sites: () => [],
      site: { name: 'main', siteId: 'ab'.repeat(16) },
      health: { model: { tree, atMs: 0, changes: [] }, flow: () => noFlow },
      alerts: untoldAlerts(registry, clock, tree),
      agents: untoldAgents(registry, clock),
      measurements: { chart: async () => ({ fromMs: 0, stepMs: 10_000, series: new Map() }), events: async () => [] },
      tls: enrolling,
      bound: () => 'hub.example:7701',
      operations: noOperations,
      search: searchOf(stores, registry, clock),
      metrics: { all: async () => [] },
    });
    const { http } = parsed.listeners;
    if (http === undefined) throw new Error('no HTTP listener');
    const strangers = new Strangers({ log, registry });
    const bearer = tokenAuthenticator({ registry, throttle: new LoginThrottle(clock), clock, strangers });
    const listener = await startHttpListener({
      options: http,
      tls: undefined,
      names: ownNames(parsed),
      routes: api.routes,
      authenticators: [bearer, ...api.authenticators],
      log,
      strangers,
    });
    return new PeopleServer({ registry, listener, logged, folder, clock: moved });
  }

  get url(): string {
    return this.listener.url;
  }

  /** Time goes on, for the sessions, the waits and the registry. */
  pass(ms: number): void {
    this.#clock.ahead += ms;
  }

  async addUser(name: string, grants: readonly Grant[], change: Partial<UserRecord> = {}): Promise<void> {
    const passwordHash = await quickPasswords.hash(testPassword);
    const createdMs = systemClock.now() + this.#clock.ahead;
    await this.registry.putUser(
      { name, passwordHash, mustChange: false, grants, createdMs, disabled: false, ...change },
      byConsole,
    );
  }

  /** What a program sends as its bearer token. */
  async addToken(tenant: string, scope: Scope): Promise<string> {
    const [tokenId, secret] = [makeTokenId(), makeSecret()];
    const record = {
      tokenId,
      secretHash: hashSecret(secret),
      tenant,
      scope,
      note: '',
      createdMs: systemClock.now(),
      createdBy: 'console:test',
      expiresMs: undefined,
      revokedMs: undefined,
      lastUsedMs: undefined,
    };
    await this.registry.addApiToken(record, { actor: 'console:test', address: '' });
    return formatApiToken({ tokenId, secret });
  }

  /** Without what the fixture itself did. */
  async trail(): Promise<StoredAuditEvent[]> {
    return (await this.registry.auditAfter(0, 10_000)).filter(({ actor }) => actor !== 'console:test');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
