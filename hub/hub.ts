/**
 * The hub's wiring: constructed and started from right to left (queue, archive, pipelines, intake, listener), stopped from left to
 * right, so that nothing ever hands on to a part that is not there. Only here are implementations known.
 */
import { availableParallelism } from 'node:os';
import { systemClock } from '@tributary/shared/clock.ts';
import type { Logger, LogLevel } from '@tributary/shared/log.ts';
import { makeFolder } from '@tributary/shared/make-folder.ts';
import { type HubTls, openHubTls } from './certificates/hub-tls.ts';
import { ChannelOperations } from './channels/channel-operations.ts';
import { groupsMoved } from './cluster/cluster.ts';
import { noAddressHint, ownAddress } from './cluster/own-address.ts';
import { Burst } from './groups/burst.ts';
import { running } from './groups/running.ts';
import { keepHouse } from './housekeeping/housekeeping.ts';
import { statusSocket } from './hub-paths.ts';
import { ChannelFindings } from './health/channel-findings.ts';
import { watchHeldBack } from './health/held-back.ts';
import { watchClones } from './intake/clone-findings.ts';
import { createIntake, type Intake, type IntakeOptions } from './intake/intake.ts';
import { Strangers } from './intake/strangers.ts';
import { type AgentListener, startAgentListener } from './listeners/agents/agent-listener.ts';
import { agentsDoor, usesOwnPki } from './listeners/agents/agents-door.ts';
import { createPeopleApi } from './listeners/http/people-api.ts';
import type { ChannelRouteParts } from './listeners/http/routes/channel-routes.ts';
import { type HttpListeners, type HttpListenersParts, startHttpListeners } from './listeners/http-listeners.ts';
import { archiveOutputOf, type HubOptions } from './options.ts';
import { ListenerSet } from './listeners/listener-set.ts';
import { OutputNotes } from './outputs/output-notes.ts';
import { OutputOperations } from './outputs/output-operations.ts';
import { Outputs } from './outputs/outputs.ts';
import { Telling } from './platform/telling.ts';
import { burstBytesPerSecond, pipelineThreadsMax } from './processing/limits.ts';
import { PipelinePool } from './processing/pipeline-pool.ts';
import { Pipelines } from './processing/pipelines.ts';
import { OwnBook, SiteBook } from './quotas/quota-book.ts';
import { Quotas } from './quotas/quotas.ts';
import type { Registry } from './registry/registry.ts';
import { Reload } from './reload/reload.ts';
import { type ReloadableParts, reloadParts } from './reload/reload-parts.ts';
import { watchServices } from './services/open-services.ts';
import { LoopFindings } from './sites/loop-findings.ts';
import { LowerSites } from './sites/lower-sites.ts';
import { ownSnapshot } from './sites/own-snapshot.ts';
import type { HubState, HubStatus } from './status/hub-status.ts';
import { Rates } from './status/rates.ts';
import { Readiness, type Verdict } from './status/readiness.ts';
import { hubReport, type ReportedState } from './status/report.ts';
import { socketRoutes } from './status/socket-routes.ts';
import { startStatusServer } from './status/status-server.ts';
import type { HubStore } from './store/hub-store.ts';
import { openHubStore } from './store/open-store.ts';
import { watchStore } from './store/watch-store.ts';
import { pipelineWorker } from './workers.ts';

export interface HubParts {
  readonly options: HubOptions;
  readonly logger: Logger;
  readonly crashPoint: string | undefined;
  /** Of the logger, when the configuration was read again. */
  readonly setLogLevel: (level: LogLevel) => void;
}

/** What cannot be used as configured; the message says what to do. */
export class HubStartError extends Error {
  override readonly name = 'HubStartError';
  readonly code = 'HUB_START';
}

interface OperationParts {
  readonly store: HubStore;
  readonly registry: Registry;
  readonly telling: Telling;
  readonly outputs: Outputs;
  readonly notes: OutputNotes;
}

/** Acks of what agents have sent come before they are sent away, for so long. */
const drainMs = 5000;
const sampleMs = 1000;

export class Hub implements AsyncDisposable {
  readonly #parts: HubParts;
  readonly #owned = new AsyncDisposableStack();
  readonly #failed = Promise.withResolvers<never>();
  readonly #startedMs = systemClock.now();
  readonly #burst = new Burst(systemClock, burstBytesPerSecond);
  readonly #rates = { received: new Rates(), archived: new Rates() };
  #state: HubState = 'starting';
  #agents: ListenerSet<HubOptions['listeners']['agents'], AgentListener> | undefined;
  #reload: Reload | undefined;
  #http: HttpListeners | undefined;
  #store: HubStore | undefined;
  #watch: ChannelFindings | undefined;
  #snapshot: (() => Promise<unknown>) | undefined;

  private constructor(parts: HubParts) {
    this.#parts = parts;
    // Whoever started the hub may stop it without ever asking whether it failed.
    this.#failed.promise.catch(() => undefined);
  }

  /** Resolves when agents can connect. Rejects when a part cannot be started; those that were are stopped then. */
  static async start(parts: HubParts): Promise<Hub> {
    const hub = new Hub(parts);
    try {
      await hub.#start();
      return hub;
    } catch (error) {
      await hub.#owned.disposeAsync();
      throw error;
    }
  }

  /** Where agents connect. */
  get url(): string {
    const scheme = this.#listener?.tls === true ? 'wss' : 'ws';
    return `${scheme}://${this.#listener?.address ?? ''}`;
  }

  /** Reads the configuration again, and changes what can change; what cannot stays. `read` throws a ConfigError. */
  async reload(read: () => HubOptions): Promise<void> {
    if (this.#state === 'draining') return;
    if (this.#reload === undefined)
      this.#parts.logger.warn('the hub is starting: ask it again in a moment to read its configuration');
    else await this.#reload.reload(read);
  }

  get #listener(): AgentListener | undefined {
    return this.#agents?.all[0];
  }

  /** Where the HTTP API and the push listeners are. */
  get httpUrls(): { readonly http: string | undefined; readonly push: readonly string[] | undefined } {
    const status = this.#http?.status();
    return { http: status?.http?.url, push: status?.push?.map(({ url }) => url) };
  }

  /** Rejects when the hub cannot go on. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Takes no more connections, lets what was sent be acked, ends the steps under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'draining';
    const cluster = this.#store?.cluster;
    cluster?.tell({ state: 'draining' });
    await Promise.all([this.#listener?.drain(cluster?.addresses() ?? [], drainMs), this.#http?.drain(drainMs)]);
    await this.#owned.disposeAsync();
  }

  async #start(): Promise<void> {
    const { options, logger } = this.#parts;
    prepareDataFolder(options);
    const store = this.#owned.use(await this.#openStore());
    this.#store = store;
    const { queue, siteId } = store;
    const registry = this.#owned.use(await store.openRegistry());
    const telling = this.#owned.use(await this.#startTelling(store, registry));
    const { findings } = telling;
    const quotas = await this.#startQuotas(store, registry, telling);
    this.#watchAround(store, registry, telling);
    const notes = new OutputNotes({ queue, cluster: store.cluster, registry });
    const outputs = await this.#startOutputs(store, notes, telling, registry);
    const pipelines = this.#startPipelines(store, outputs);
    store.cluster.tell({ works: options.cluster.roles.includes('work') });
    const tls = await this.#openTls(store, telling, registry);
    const strangers = new Strangers({ log: logger, registry });
    const loops = new LoopFindings({ findings, clock: systemClock });
    this.#run((signal) => loops.run(signal));
    const sites = this.#owned.use(new LowerSites({ cluster: store.cluster, clock: systemClock }));
    const intake = this.#startIntake(store, { registry, strangers, quotas, sites, onLoop: (site) => loops.seen(site) });
    const { startedMs, rates } = { startedMs: this.#startedMs, rates: this.#rates };
    const reported = { options, store, outputs, pipelines, intake, telling, quotas, tls, startedMs, rates, sites };
    const report = (): Promise<HubStatus> => hubReport(reported, this.#reportedState());
    this.#snapshot = () =>
      ownSnapshot({
        site: options.site,
        store,
        registry,
        connections: () => intake.status().connections,
        findings: () => findings.all(),
        below: () => sites.below(),
        clock: systemClock,
      });
    const operations = this.#startOperations({ store, registry, telling, outputs, notes });
    const routes = socketRoutes(operations);
    const readiness = this.#readiness(store);
    this.#owned.use(await startStatusServer({ socketPath: statusSocket(options), report, readiness, routes }));
    this.#sample(store, outputs, intake);
    const bound = (): string => this.#listener?.address ?? '';
    const takesIn = options.cluster.roles.includes('intake');
    const agents = this.#owned.use(
      new ListenerSet<HubOptions['listeners']['agents'], AgentListener>({
        start: (listener) => {
          const given = { ...options, listeners: { ...options.listeners, agents: listener } };
          const door = agentsDoor({ options: given, siteId, tls, registry, strangers, log: logger, bound });
          return startAgentListener({ ...door, intake, strangers, log: logger });
        },
        // Agents come back at once, and send again what was not acked.
        end: async (listener) => listener[Symbol.asyncDispose](),
      }),
    );
    this.#agents = agents;
    if (takesIn) await agents.change(new Map([['agents', options.listeners.agents]]));
    const api = createPeopleApi({
      options,
      registry,
      clock: systemClock,
      log: logger,
      tls,
      bound,
      report,
      operations,
      sites: () => sites.views(),
    });
    this.#http = this.#owned.use(await this.#startHttp(store, { tls, registry, quotas, strangers, api, readiness }));
    this.#reload = this.#makeReload({ store, registry, telling }, { outputs, quotas, agents, http: this.#http });
    this.#becomeReady(store);
  }

  /** What a person ought to know of who comes in, of the store, and of what stands open. */
  #watchAround(store: HubStore, registry: Registry, { findings, events }: Telling): void {
    const { options, logger } = this.#parts;
    const { queue } = store;
    this.#run((signal) => watchHeldBack({ queue, findings, clock: systemClock }, signal));
    this.#run((signal) => watchClones({ registry, findings, clock: systemClock }, signal));
    this.#run((signal) => watchStore({ store, findings, events, logger, clock: systemClock }, signal));
    this.#run((signal) => watchServices({ services: options.services, findings, clock: systemClock }, signal));
  }

  #startIntake(
    { kind, queue, cluster, siteId, hubId }: HubStore,
    { sites, ...parts }: Pick<IntakeOptions, 'registry' | 'strangers' | 'quotas' | 'onLoop'> & { readonly sites: LowerSites },
  ): Intake {
    const { options, logger: log } = this.#parts;
    const others = kind === 'redis' ? { cluster, connectionsMax: options.cluster.connections } : {};
    const onSnapshot: IntakeOptions['onSnapshot'] = (from, json) => sites.heardFrom(from.identity, json);
    const own = { queue, siteId, hubId, burst: this.#burst, log, ownPki: usesOwnPki(options), onSnapshot };
    return this.#owned.use(createIntake({ ...own, ...parts, ...others }));
  }

  /** From now on agents are sent here, too. */
  #becomeReady({ kind, cluster }: HubStore): void {
    const { options, logger } = this.#parts;
    const { address: bound, tls } = this.#listener ?? {};
    const address = bound === undefined ? '' : ownAddress(options, { bound, tls: tls === true });
    if (bound !== undefined && address === '' && kind === 'redis') logger.warn(noAddressHint, { bound });
    this.#state = 'ready';
    cluster.tell({ state: 'ready', address });
  }

  #makeReload(
    { store, registry, telling }: Pick<OperationParts, 'store' | 'registry' | 'telling'>,
    changing: Pick<ReloadableParts, 'outputs' | 'quotas' | 'agents' | 'http'>,
  ): Reload {
    const { options, logger, setLogLevel } = this.#parts;
    const { findings } = telling;
    const lookAtChannels = (): void => this.#watch?.look();
    const parts = reloadParts({ ...changing, queue: store.queue, findings, setLogLevel, lookAtChannels });
    return new Reload({ hubId: store.hubId, options, parts, registry, findings, clock: systemClock, logger });
  }

  #reportedState(): ReportedState {
    return { state: this.#state, listeners: this.#listeners(), configuration: this.#reload?.status };
  }

  #listeners(): HubStatus['listeners'] {
    const listener = this.#listener;
    return {
      ...(listener === undefined ? {} : { agents: { address: listener.address, url: this.url, tls: listener.tls } }),
      ...this.#http?.status(),
    };
  }

  #readiness(store: HubStore): () => Promise<Verdict> {
    const takesIn = this.#parts.options.cluster.roles.includes('intake');
    const doors = (): (() => Promise<void>)[] =>
      takesIn ? [this.#listener, this.#http].flatMap((door) => (door === undefined ? [] : [() => door.knock()])) : [noIntake];
    const readiness = new Readiness({ state: () => this.#state, store, doors, clock: systemClock });
    return () => readiness.verdict();
  }

  #startHttp(
    store: HubStore,
    parts: Pick<HttpListenersParts, 'tls' | 'registry' | 'quotas' | 'strangers' | 'api' | 'readiness'>,
  ): Promise<HttpListeners> {
    const { options, logger: log } = this.#parts;
    const noteBytes = (bytes: number): void => this.#burst.note(bytes);
    return startHttpListeners({
      ...parts,
      queue: store.queue,
      site: store,
      options,
      log,
      clock: systemClock,
      noteBytes,
    });
  }

  #openStore(): Promise<HubStore> {
    const { options, logger, crashPoint } = this.#parts;
    const onFailed = (error: Error): void => this.#failed.reject(error);
    return openHubStore({ options, logger, clock: systemClock, crashPoint, onFailed });
  }

  #startTelling(store: HubStore, registry: Registry): Promise<Telling> {
    const { options, logger } = this.#parts;
    const onFailed = (error: unknown): void => this.#failed.reject(error);
    return Telling.start({
      options,
      queue: store.queue,
      site: store,
      cluster: store.cluster,
      registry,
      logger,
      clock: systemClock,
      onFailed,
    });
  }

  async #startQuotas({ hubId, quotaNotes }: HubStore, registry: Registry, { findings, events }: Telling): Promise<Quotas> {
    const { options, logger } = this.#parts;
    const book = quotaNotes === undefined ? new OwnBook(registry) : new SiteBook(quotaNotes, hubId);
    const parts = { quotas: options.quotas, book, findings, events, logger, clock: systemClock, random: Math.random };
    const quotas = await Quotas.open(parts);
    this.#owned.defer(() => quotas.tick());
    this.#run((signal) => quotas.run(signal));
    return quotas;
  }

  async #openTls({ siteId, hubId }: HubStore, { findings, events }: Telling, registry: Registry): Promise<HubTls | undefined> {
    const { options, logger } = this.#parts;
    const tls = await openHubTls({ options, siteId, hubId, registry, log: logger, clock: systemClock, findings, events });
    return tls === undefined ? undefined : this.#owned.use(tls);
  }

  async #startOutputs(store: HubStore, notes: OutputNotes, { findings, events }: Telling, registry: Registry): Promise<Outputs> {
    const { options, logger, crashPoint } = this.#parts;
    const { queue, cluster, siteId, hubId } = store;
    const own = {
      dataDir: options.data_dir,
      logger,
      crashPoint,
      clock: systemClock,
      snapshot: () => this.#snapshot?.() ?? Promise.resolve(undefined),
      site: store.kind === 'redis' ? registry : undefined,
    };
    const outputs = this.#owned.use(
      await Outputs.start({ ...own, queue, cluster, siteId, hubId, findings, events, notes }, options.outputs),
    );
    const archive = { sweep: async (beforeMs: number) => outputs.archive?.archive.sweep(beforeMs) };
    this.#run((signal) => keepHouse({ clock: systemClock, logger, archive, cluster }, signal));
    return outputs;
  }

  #startOperations({ store, registry, telling, outputs, notes }: OperationParts): ChannelRouteParts {
    const { queue } = store;
    const watch = (this.#watch = new ChannelFindings({
      queue,
      registry,
      findings: telling.findings,
      clock: systemClock,
      options: () => (this.#reload?.options ?? this.#parts.options).queue,
      isRead: (channel) => outputs.isRead(channel),
      removedOutputs: () => notes.removed(outputs.groups),
    }));
    this.#run((signal) => watch.run(signal));
    const onChanged = (): void => {
      watch.look();
      store.cluster.announce(groupsMoved);
    };
    return {
      channels: new ChannelOperations({ queue, registry, clock: systemClock, onChanged }),
      outputs: new OutputOperations({ outputs, notes, registry, onChanged }),
    };
  }

  #startPipelines({ queue, cluster, hubId }: HubStore, outputs: Outputs): Pipelines {
    // One more than the machine has to give: a thread that starts only when a second channel wants one.
    const size = 1 + Math.max(1, Math.min(pipelineThreadsMax, availableParallelism() - 1));
    const processor = this.#owned.use(new PipelinePool(pipelineWorker, { size }));
    const pipelines = new Pipelines({
      queue,
      cluster,
      clock: systemClock,
      logger: this.#parts.logger,
      processor,
      owner: hubId,
      burst: this.#burst,
      prepare: (channel) => outputs.prepare(channel),
    });
    this.#run((signal) => pipelines.run(signal));
    return pipelines;
  }

  #run(run: (signal: AbortSignal) => Promise<void>): void {
    this.#owned.use(running(run, (error) => this.#failed.reject(error)));
  }

  #sample({ cluster, queue }: HubStore, outputs: Outputs, intake: Intake): void {
    const sample = (): void => {
      const { connections, counters } = intake.status();
      const { records, bytes } = counters;
      cluster.tell({ connections: connections.length, leases: queue.leasesHeld });
      this.#rates.received.sample(systemClock.monotonic(), { records, bytes });
      const { records: archived = 0, rawBytes = 0 } = outputs.archive?.archive.sums ?? {};
      this.#rates.archived.sample(systemClock.monotonic(), { records: archived, bytes: rawBytes });
    };
    sample();
    const timer = setInterval(sample, sampleMs);
    this.#owned.defer(() => clearInterval(timer));
  }
}

/** Its door, for who asks whether it takes data. */
function noIntake(): Promise<void> {
  return Promise.reject(new Error('cluster.roles has no intake: this hub only works'));
}

/** People of the hub's group may read the archive, so they may enter the folder that it is in. */
function prepareDataFolder(options: HubOptions): void {
  const hasArchive = archiveOutputOf(options)?.folder === undefined;
  try {
    makeFolder(options.data_dir, { mode: hasArchive ? 0o750 : 0o700 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HubStartError(`data_dir ${options.data_dir} cannot be used (${reason}): choose another folder, or make it`, {
      cause,
    });
  }
}
