/**
 * Where records come in: the intake with what it asks of whoever comes, and the listeners before it. The intake is there before anybody
 * can reach it: `listen` comes when all else is there.
 */
import { type HubTls, openHubTls } from '../certificates/hub-tls.ts';
import { type ConnectionStatus, createIntake, type Intake, type IntakeOptions } from '../intake/intake.ts';
import type { SourceEvents } from '../intake/source-events.ts';
import { Strangers } from '../intake/strangers.ts';
import { type AgentListener, startAgentListener } from '../listeners/agents/agent-listener.ts';
import { agentsDoor, usesOwnPki } from '../listeners/agents/agents-door.ts';
import { BeatsRedisListeners } from '../listeners/beats-redis/beats-redis-listener.ts';
import { type HttpListeners, type HttpListenersParts, startHttpListeners } from '../listeners/http-listeners.ts';
import { ListenerSet } from '../listeners/listener-set.ts';
import type { HubOptions } from '../options.ts';
import type { ReloadableParts } from '../reload/reload-parts.ts';
import { LoopFindings } from '../sites/loop-findings.ts';
import { LowerSites } from '../sites/lower-sites.ts';
import type { HubStatus } from '../status/hub-status.ts';
import type { Foundation } from './foundation.ts';
import type { HubFrame } from './hub-frame.ts';

export type ReloadableListeners = Pick<ReloadableParts, 'agents' | 'http' | 'beats'>;
type AgentListeners = ListenerSet<HubOptions['listeners']['agents'], AgentListener>;

/** Acks of what agents have sent come before they are sent away, for so long. */
const drainMs = 5000;

export class Entrance {
  /** Undefined without `tls`. */
  readonly tls: HubTls | undefined;
  readonly strangers: Strangers;
  readonly sites: LowerSites;
  readonly intake: Intake;
  readonly #frame: HubFrame;
  readonly #foundation: Foundation;
  readonly #sources = new Set<SourceEvents>();
  readonly #onLeft = new Set<(left: ConnectionStatus) => void>();
  #agents: AgentListeners | undefined;
  #http: HttpListeners | undefined;
  #beats: BeatsRedisListeners | undefined;

  private constructor(frame: HubFrame, foundation: Foundation, tls: HubTls | undefined) {
    const { store, registry, telling } = foundation;
    const { clock } = frame;
    this.#frame = frame;
    this.#foundation = foundation;
    this.tls = tls;
    this.strangers = new Strangers({ log: frame.parts.logger, registry });
    const loops = new LoopFindings({ findings: telling.findings, clock });
    frame.run('loop findings', (signal) => loops.run(signal));
    this.sites = frame.use('lower sites', new LowerSites({ cluster: store.cluster, clock }));
    this.intake = frame.use(
      'intake',
      this.#createIntake((site) => loops.seen(site)),
    );
  }

  static async open(frame: HubFrame, foundation: Foundation): Promise<Entrance> {
    const { options, logger: log } = frame.parts;
    const { siteId, hubId } = foundation.store;
    const { registry, telling } = foundation;
    const { findings, events } = telling;
    const tls = await openHubTls({ options, siteId, hubId, registry, log, clock: frame.clock, findings, events });
    return new Entrance(frame, foundation, tls === undefined ? undefined : frame.use('certificates', tls));
  }

  /** Agents can connect when it resolves, and people can ask. Returns what of it changes with the configuration. */
  async listen({ api, readiness }: Pick<HttpListenersParts, 'api' | 'readiness'>): Promise<ReloadableListeners> {
    const { options, logger: log } = this.#frame.parts;
    const { store, registry, redactor, quotas, telling } = this.#foundation;
    const agents = this.#frame.use("agents' listener", this.#createAgents());
    this.#agents = agents;
    if (options.cluster.roles.includes('intake')) await agents.change(new Map([['agents', options.listeners.agents]]));
    const noteBytes = (bytes: number): void => this.#frame.burst.note(bytes);
    const common = { registry, redactor, quotas, queue: store.queue, site: store, log, clock: this.#frame.clock, noteBytes };
    const { tls, strangers } = this;
    const http = await startHttpListeners({ ...common, tls, strangers, api, readiness, options });
    this.#http = this.#frame.use('HTTP listeners', http);
    const { findings } = telling;
    const beats = await BeatsRedisListeners.start({ ...common, cluster: store.cluster, findings }, options);
    this.#beats = this.#frame.use('readers of Redis', beats);
    return { agents, http, beats };
  }

  /** Of the agents; undefined until it listens, and where the hub only works. */
  get listener(): AgentListener | undefined {
    return this.#agents?.all[0];
  }

  /** `host:port` as the agents' listener is bound. */
  bound(): string {
    return this.listener?.address ?? '';
  }

  /** Where agents connect. */
  get url(): string {
    return `${this.listener?.tls === true ? 'wss' : 'ws'}://${this.bound()}`;
  }

  status(): HubStatus['listeners'] {
    const { listener } = this;
    return {
      ...(listener === undefined ? {} : { agents: { address: listener.address, url: this.url, tls: listener.tls } }),
      ...this.#http?.status(),
      ...this.#beats?.status(),
    };
  }

  /** Each rejects with the reason while nobody can come in by it. */
  knocks(): (() => Promise<void>)[] {
    if (!this.#frame.parts.options.cluster.roles.includes('intake')) return [noIntake];
    return [this.listener, this.#http].flatMap((door) => (door === undefined ? [] : [() => door.knock()]));
  }

  /** The same one by one, with what it is called. */
  doors(): { readonly name: string; readonly knock: () => Promise<void> }[] {
    const { listener } = this;
    const own = listener === undefined ? [] : [{ name: 'agents', knock: () => listener.knock() }];
    return [...own, ...(this.#http?.doors() ?? [])];
  }

  /** Whoever wants to know what comes of which source: from now on. */
  tellSources(events: SourceEvents): void {
    this.#sources.add(events);
  }

  /** Whoever wants to know of each peer that is gone: from now on. */
  tellLeft(told: (left: ConnectionStatus) => void): void {
    this.#onLeft.add(told);
  }

  /** Nobody new comes in, and what was sent is acked. Agents are told of the other hubs. */
  async drain(): Promise<void> {
    const others = this.#foundation.store.cluster.addresses();
    await Promise.all([this.listener?.drain(others, drainMs), this.#http?.drain(drainMs)]);
  }

  #createIntake(onLoop: NonNullable<IntakeOptions['onLoop']>): Intake {
    const { options, logger: log } = this.#frame.parts;
    const { store, registry, quotas, redactor } = this.#foundation;
    const { kind, queue, cluster, siteId, hubId } = store;
    const others = kind === 'redis' ? { cluster, connectionsMax: options.cluster.connections } : {};
    const onSnapshot: IntakeOptions['onSnapshot'] = (from, json) => this.sites.heardFrom(from.identity, json);
    const sources: SourceEvents = {
      opened: (...about) => this.#sources.forEach((one) => one.opened(...about)),
      brought: (key) => this.#sources.forEach((one) => one.brought(key)),
      closed: (key) => this.#sources.forEach((one) => one.closed(key)),
    };
    const onLeft: IntakeOptions['onLeft'] = (left) => this.#onLeft.forEach((told) => told(left));
    const told = { onSnapshot, onLoop, onLeft, sources };
    const own = { queue, siteId, hubId, burst: this.#frame.burst, log, ownPki: usesOwnPki(options), ...told };
    return createIntake({ ...own, registry, strangers: this.strangers, quotas, redactor, ...others });
  }

  #createAgents(): AgentListeners {
    const { options, logger: log } = this.#frame.parts;
    const { store, registry } = this.#foundation;
    const { tls, strangers, intake } = this;
    const door = { siteId: store.siteId, tls, registry, strangers, bound: () => this.bound(), log };
    return new ListenerSet({
      start: (listener) => {
        const given = { ...options, listeners: { ...options.listeners, agents: listener } };
        return startAgentListener({ ...agentsDoor({ ...door, options: given }), intake, strangers, log });
      },
      // Agents come back at once, and send again what was not acked.
      end: async (listener) => listener[Symbol.asyncDispose](),
    });
  }
}

/** Its door, for who asks whether it takes data. */
function noIntake(): Promise<void> {
  return Promise.reject(new Error('cluster.roles has no intake: this hub only works'));
}
