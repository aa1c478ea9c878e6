/** The health of everything: what is looked at, the rules by which it is judged, the tree that it is told with. */
import { join } from 'node:path';
import type { Id } from '@tributary/protocol/messages.ts';
import { productVersion } from '@tributary/shared/build-info.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../groups/retry.ts';
import { HealthWatch } from '../health/health-watch.ts';
import { KnownAgents, type SeenAgent } from '../health/known-agents.ts';
import { KnownHubs } from '../health/known-hubs.ts';
import { plainAgentsStoredMs } from '../health/limits.ts';
import { listenersOf, type TakingListener } from '../health/listener-facts.ts';
import type { HealthFacts } from '../health/model/facts.ts';
import { OwnAgents } from '../health/own-agents.ts';
import { PlainAgentsFile } from '../health/plain-agents-file.ts';
import { RuleRunner } from '../health/rule-runner.ts';
import { AgentCertificate } from '../health/rules/agent-certificate.ts';
import { AgentMachine } from '../health/rules/agent-machine.ts';
import { AgentMute } from '../health/rules/agent-mute.ts';
import { AgentSilent } from '../health/rules/agent-silent.ts';
import { AgentTroubles } from '../health/rules/agent-troubles.ts';
import { CadenceFile } from '../health/rules/cadence-file.ts';
import { Errors } from '../health/rules/errors.ts';
import { Lag } from '../health/rules/lag.ts';
import { cadencesStoredMs } from '../health/rules/limits.ts';
import { ListenerClosed } from '../health/rules/listener-closed.ts';
import { Machine } from '../health/rules/machine.ts';
import type { LookedFolder } from '../health/rules/machine-facts.ts';
import { Missing } from '../health/rules/missing.ts';
import { QueueFill } from '../health/rules/queue-fill.ts';
import type { Rule, RuleFacts } from '../health/rules/rule.ts';
import { generalName, Silence } from '../health/rules/silence.ts';
import { VersionSkew } from '../health/rules/version-skew.ts';
import { type SitePart, SiteParts } from '../health/site-parts.ts';
import type { ConnectionStatus } from '../intake/intake.ts';
import type { AgentState } from '../measurements/agents/agent-states.ts';
import { archiveOutputOf } from '../options.ts';
import { queueLimits } from '../queue/limits.ts';
import { KnownSites } from '../sites/known-sites.ts';
import { queueLimitsOf } from '../store/queue-limits-of.ts';
import type { HealthRules } from '../config/health-options.ts';
import type { HubFrame } from './hub-frame.ts';
import type { Lookout, LookoutParts } from './lookout.ts';

export interface HealthParts extends LookoutParts {
  readonly lookout: Lookout;
}

export interface Health {
  readonly watch: HealthWatch;
  readonly sites: KnownSites;
  /** The other hubs of the site, as they told. */
  others(): readonly SitePart[];
  /** To any hub of the site. */
  isConnected(agentId: Id): boolean;
  /** From now on it is looked. */
  start(): void;
}

export function openHealth(frame: HubFrame, parts: HealthParts): Health {
  return new OpenHealth(frame, parts);
}

/** How long a list of connections, or of agents, serves whoever asks for one. */
const listKeptMs = 250;

class OpenHealth implements Health {
  readonly watch: HealthWatch;
  readonly sites: KnownSites;
  readonly #frame: HubFrame;
  readonly #parts: HealthParts;
  readonly #hubs: KnownHubs;
  readonly #siteParts: SiteParts;
  readonly #own: OwnAgents;
  readonly #silence: Silence;
  readonly #agents: KnownAgents;
  readonly #connections: () => readonly ConnectionStatus[];
  readonly #seenAgents: () => readonly SeenAgent[];

  constructor(frame: HubFrame, parts: HealthParts) {
    this.#frame = frame;
    this.#parts = parts;
    const { clock } = frame;
    const { logger } = frame.parts;
    const { store, registry, telling } = parts.foundation;
    const { cluster, siteId, queue } = store;
    const { findings } = telling;
    this.#connections = momentary(clock, () => parts.entrance.intake.status().connections);
    this.#own = frame.use('what agents told', new OwnAgents({ cluster, queue, siteId }));
    this.#hubs = new KnownHubs({ cluster, registry, clock, logger });
    this.#siteParts = frame.use('parts of the site', this.#openSiteParts());
    this.#siteParts.onLeft((hubId) => void this.#hubs.left(hubId));
    this.#agents = new KnownAgents({
      registry,
      clock,
      connections: () => this.#connections(),
      elsewhere: () => this.#siteParts.elsewhere,
      plainElsewhere: () => this.#siteParts.others.flatMap(({ plain }) => plain),
      told: (agentId) => this.#toldOf(agentId),
    });
    this.#seenAgents = momentary(clock, () => this.#agents.all());
    this.sites = new KnownSites({
      registry,
      told: parts.entrance.sites,
      connected: () => this.#connectedSites(),
      unansweredMs: () => this.#unansweredSitesMs(),
      clock,
    });
    this.#silence = new Silence({
      siteId,
      now: () => clock.now(),
      rules: () => parts.options().health.rules.silence,
      inputOf: (agentId, source) => this.#inputOf(agentId, source),
    });
    this.watch = new HealthWatch({
      site: frame.parts.options.site,
      store,
      clock,
      findings,
      hubs: () => ({ all: this.#hubs.all(), unknown: this.#hubs.missing(this.#rules()).unknown }),
      others: () => this.#siteParts.others,
      agents: () => this.#seenAgents(),
      inputsOf: (agentId) => this.#inputsOf(agentId),
      listeners: () => this.#listeners(),
      outputs: () => parts.downstream.outputs.status(),
      sites: () => ({ views: this.sites.views(), unknown: this.sites.unknown() }),
    });
  }

  others(): readonly SitePart[] {
    return this.#siteParts.others;
  }

  isConnected(agentId: Id): boolean {
    return (
      this.#siteParts.elsewhere.has(agentId) ||
      this.#parts.entrance.intake.status().connections.some((one) => one.agentId === agentId)
    );
  }

  start(): void {
    const { clock, parts: frameParts } = this.#frame;
    const { foundation, entrance, lookout } = this.#parts;
    const { hubId } = foundation.store;
    const { findings, times } = foundation.telling;
    entrance.tellSources(this.#silence);
    entrance.tellLeft((left) => this.#agents.left(left));
    lookout.measurements.onPlatformDocument((document) => this.#own.take(document));
    const common = { findings, clock, options: () => this.#rules() };
    const closed = new ListenerClosed({ ...common, hubId, doors: () => entrance.doors() });
    const runner = new RuleRunner({
      ...common,
      rules: this.#allRules(),
      facts: () => this.#facts(),
      folders: () => this.#folders(),
      logger: frameParts.logger,
    });
    // The others are told when this hub stops: it is the last to go.
    this.#frame.atStop('this hub among its site', () => this.#hubs.left(hubId));
    this.#frame.run('parts of the site', (signal) => this.#siteParts.run(signal));
    this.#frame.run('agents without a certificate', (signal) => this.#keepPlainAgents(signal));
    this.#frame.run('usual silences', (signal) => this.#keepCadences(signal));
    this.#frame.run('machine of the hub', (signal) => runner.run(signal));
    this.#frame.run('knocks', (signal) => closed.run(signal));
    this.#frame.run('times of findings', (signal) => times.run(findings, signal));
    this.#frame.run('health', (signal) => this.watch.run(() => runner.lookIfDue(), signal));
  }

  #rules(): HealthRules {
    return this.#parts.options().health.rules;
  }

  #allRules(): Rule[] {
    const told = (agentId: Id): AgentState | undefined => this.#told(agentId);
    const isOurs = (agentId: Id): boolean => this.#own.isOurs(agentId);
    return [
      new AgentSilent(() => this.#silentMs()),
      new AgentMute(told),
      new AgentTroubles({ reports: this.#own.reports, isOurs, told }),
      new AgentMachine({ isOurs, told: (agentId) => this.#toldHere(agentId) }),
      new AgentCertificate(),
      this.#own.skew,
      new VersionSkew(),
      this.#silence,
      new Lag(),
      new QueueFill(),
      new Errors(),
      new Machine(),
      new Missing((rules) => [...this.#hubs.missing(rules).red, ...this.sites.findings(rules)]),
    ];
  }

  #facts(): Omit<RuleFacts, 'machine'> {
    const { clock } = this.#frame;
    const { foundation, downstream, entrance, options } = this.#parts;
    const now = options();
    const { hubId, cluster } = foundation.store;
    return {
      nowMs: clock.now(),
      monotonicMs: clock.monotonic(),
      hubId,
      version: productVersion(),
      options: now,
      queue: this.watch.queue,
      queueLimits: queueLimits(queueLimitsOf(now)),
      agents: this.#seenAgents(),
      members: cluster.members(),
      outputs: downstream.outputs.status(),
      listeners: this.#listeners(),
      turnedAway: entrance.intake.status().turnedAway,
    };
  }

  #openSiteParts(): SiteParts {
    const { store, telling } = this.#parts.foundation;
    return new SiteParts({
      cluster: store.cluster,
      clock: this.#frame.clock,
      isShared: store.kind === 'redis',
      own: () => ({
        findings: telling.findings.all(),
        listeners: this.#listeners().map(({ name }) => name),
        listenerRates: this.watch.listenerRates(),
        agents: this.#connections().flatMap(({ agentId, identity }) => (identity === 'lower-site' ? [] : (agentId ?? []))),
        plain: this.#agents.plainHere(),
        sites: [...this.#sitesHere()],
      }),
    });
  }

  /** Of agents that are connected here and answer on no connection, here or elsewhere. */
  #silentMs(): ReadonlyMap<Id, number> {
    const connections = this.#connections();
    const silent = connections.filter(({ silentMs }) => silentMs > 0);
    if (silent.length === 0) return new Map();
    const here = connections.flatMap(({ agentId, silentMs }) => (silentMs > 0 ? [] : (agentId ?? [])));
    const answering = new Set([...here, ...this.#siteParts.others.flatMap(({ agents }) => agents)]);
    return new Map(
      silent.flatMap(({ agentId, silentMs }) => (agentId === undefined || answering.has(agentId) ? [] : [[agentId, silentMs]])),
    );
  }

  #sitesHere(): ReadonlySet<Id> {
    const { registry } = this.#parts.foundation;
    const hubs = this.#connections().filter(({ identity }) => identity === 'lower-site');
    return new Set(hubs.flatMap(({ agentId }) => (agentId === undefined ? [] : (registry.agent(agentId)?.siteId ?? []))));
  }

  /** Of sites below of which no hub answers, here or elsewhere. */
  #unansweredSitesMs(): ReadonlyMap<Id, number> {
    const { registry } = this.#parts.foundation;
    const elsewhere = new Set(this.#siteParts.others.flatMap(({ sites }) => sites));
    const leastMs = new Map<Id, number>();
    for (const { identity, agentId, silentMs } of this.#connections()) {
      const siteId = identity === 'lower-site' && agentId !== undefined ? registry.agent(agentId)?.siteId : undefined;
      if (siteId === undefined || elsewhere.has(siteId)) continue;
      leastMs.set(siteId, Math.min(silentMs, leastMs.get(siteId) ?? silentMs));
    }
    return leastMs;
  }

  #connectedSites(): ReadonlySet<Id> {
    return new Set([...this.#sitesHere(), ...this.#siteParts.others.flatMap(({ sites }) => sites)]);
  }

  #listeners(): readonly TakingListener[] {
    const { entrance } = this.#parts;
    return listenersOf(entrance.status(), entrance.intake.status().counters);
  }

  #told(agentId: Id): AgentState | undefined {
    return this.#parts.lookout.measurements.states.get(agentId);
  }

  #toldHere(agentId: Id): AgentState | undefined {
    const state = this.#told(agentId);
    return state?.siteId === this.#parts.foundation.store.siteId ? state : undefined;
  }

  #toldOf(agentId: Id): { readonly version: string; readonly farewell: string | undefined } | undefined {
    const state = this.#told(agentId);
    return state && { version: state.version, farewell: this.#own.reports.farewellOf(agentId) };
  }

  /** What is told of a site below is that one's. */
  #inputsOf(agentId: Id): ReturnType<HealthFacts['inputsOf']> {
    return this.#toldHere(agentId)?.measured?.inputs ?? [];
  }

  #inputOf(agentId: Id, source: string): string | undefined {
    return this.#told(agentId)?.files.find(({ path }) => generalName(path) === source)?.input;
  }

  #folders(): readonly LookedFolder[] {
    const options = this.#parts.options();
    const archive = archiveOutputOf(options);
    const own = { name: `data_dir (${options.data_dir})`, path: options.data_dir };
    if (archive === undefined || archive.s3 !== undefined) return [own];
    const path = archive.folder ?? join(options.data_dir, 'archive');
    return [own, { name: `the archive (${path})`, path, output: archive.name }];
  }

  async #keepCadences(signal: AbortSignal): Promise<void> {
    const { data_dir: dataDir } = this.#frame.parts.options;
    const file = new CadenceFile(dataDir, this.#frame.parts.logger);
    this.#silence.restore(await file.read());
    await this.#every(cadencesStoredMs, () => file.write(this.#silence.state), signal);
  }

  async #keepPlainAgents(signal: AbortSignal): Promise<void> {
    const { data_dir: dataDir } = this.#frame.parts.options;
    const file = new PlainAgentsFile(dataDir, this.#frame.parts.logger);
    this.#agents.restore(await file.read());
    await this.#every(plainAgentsStoredMs, () => file.write(this.#agents.plain), signal);
  }

  /** Now and then, and at a stop. */
  async #every(ms: number, act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#frame.clock, ms, signal);
      await act();
    }
  }
}

/** As it was a moment ago: several ask within one look, and a list of thousands is made for each. */
function momentary<Item>(clock: Clock, list: () => readonly Item[]): () => readonly Item[] {
  let last: { readonly atMs: number; readonly items: readonly Item[] } | undefined;
  return () => {
    const atMs = clock.monotonic();
    if (last === undefined || atMs - last.atMs > listKeptMs) last = { atMs, items: list() };
    return last.items;
  };
}
