/** What people see of the hub and do to it: the same at the socket, which commands ask, and by HTTP. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Canaries } from '../canaries/canaries.ts';
import { operatorsHands, type OperatorsHands } from '../channels/operators-hands.ts';
import type { ChannelFindings } from '../health/channel-findings.ts';
import type { HealthWatch } from '../health/health-watch.ts';
import { headOfTree } from '../health/model/health-view.ts';
import type { Housekeeping } from '../housekeeping/housekeeping.ts';
import { openHousekeeping } from '../housekeeping/open-housekeeping.ts';
import type { IntakeStatus } from '../intake/intake.ts';
import { createPeopleApi, type PeopleApi } from '../listeners/http/people-api.ts';
import { agentSources } from '../measurements/agents/agent-sources.ts';
import { StreamTimes } from '../measurements/agents/stream-times.ts';
import { ReindexOperations } from '../outputs/archive/index/reindex-operations.ts';
import { RestoreOperations } from '../outputs/archive/restore/restore-operations.ts';
import type { QueueStatus } from '../queue/queue.ts';
import type { Reload } from '../reload/reload.ts';
import { openSearch } from '../search/open-search.ts';
import { ownSnapshot } from '../sites/own-snapshot.ts';
import { siteHealth } from '../sites/site-health.ts';
import { siteAnswers } from '../sites/site-answer.ts';
import type { HubStatus } from '../status/hub-status.ts';
import { Readiness, type Verdict } from '../status/readiness.ts';
import { hubReport } from '../status/report.ts';
import { socketRoutes, type SocketRoutes } from '../status/socket-routes.ts';
import { unlessAway } from '../status/unless-away.ts';
import { type Alerting, openAlerting } from './alerting.ts';
import { type Health, openHealth } from './health.ts';
import type { HubFrame } from './hub-frame.ts';
import type { Lookout, LookoutParts } from './lookout.ts';
import { openMetrics } from './metrics.ts';

export interface DeskParts extends LookoutParts {
  readonly lookout: Lookout;
  /** Undefined until the hub is ready. */
  readonly reload: () => Reload | undefined;
}

type Operations = OperatorsHands['operations'] & { readonly housekeeping: Housekeeping };

export class Desk {
  readonly api: PeopleApi;
  readonly health: HealthWatch;
  readonly #healthParts: Health;
  readonly #frame: HubFrame;
  readonly #parts: DeskParts;
  readonly #watch: ChannelFindings;
  readonly #operations: Operations;
  readonly #readiness: Readiness;
  readonly #alerting: Alerting;

  private constructor(frame: HubFrame, parts: DeskParts) {
    this.#frame = frame;
    this.#parts = parts;
    const { clock } = frame;
    const { options, logger } = frame.parts;
    const { foundation, downstream, entrance, options: now } = parts;
    const { store, registry, telling } = foundation;
    const { outputs, notes } = downstream;
    const { findings, metrics } = telling;
    const common = { store, registry, outputs, clock, logger };
    this.#healthParts = openHealth(frame, parts);
    this.health = this.#healthParts.watch;
    const onLooked = (status: QueueStatus): void => this.health.looked(status);
    const hands = operatorsHands({ ...common, notes, findings, metrics, options: () => now().queue, onLooked });
    this.#watch = hands.watch;
    this.#operations = { ...hands.operations, housekeeping: openHousekeeping({ ...common, telling, options: now }) };
    this.#readiness = new Readiness({ state: () => frame.state, store, doors: () => entrance.knocks(), clock });
    const { tls } = entrance;
    const { measurements } = parts.lookout;
    const { states } = measurements;
    const streamTimes = new StreamTimes(clock);
    entrance.tellSources(streamTimes);
    const connections = (): IntakeStatus['connections'] => entrance.intake.status().connections;
    const { processing } = downstream;
    const search = frame.use('searches', openSearch({ options, queue: store.queue, processing, outputs, registry, clock }));
    const isConnected = (agentId: Id): boolean => this.#healthParts.isConnected(agentId);
    this.#alerting = openAlerting(frame, {
      foundation,
      model: this.health.model,
      search,
      isConnected,
      readiness: this.#readiness,
      options: now,
    });
    const canaries = (): Canaries['figures'] => this.#alerting.canaries.figures;
    const status = (): Promise<HubStatus> => this.#reportOf(this.health.queue);
    this.api = createPeopleApi({
      agents: agentSources({
        ...common,
        states,
        streamTimes,
        connections,
        others: () => this.#healthParts.others(),
        tree: () => this.health.model.tree,
      }),
      measurements,
      options,
      registry,
      clock,
      log: logger,
      tls,
      bound: () => entrance.bound(),
      report: () => this.report(),
      operations: this.#operations,
      search,
      sites: () => siteAnswers(this.#healthParts.sites.views(), this.health.model.tree),
      site: { name: options.site, siteId: store.siteId },
      health: this.health,
      alerts: this.#alerting.alerts,
      metrics: openMetrics(frame, { foundation, health: this.health, states, search, canaries, options: now, status }),
    });
  }

  /** From now on commands are answered. */
  static open(frame: HubFrame, parts: DeskParts): Desk {
    const desk = new Desk(frame, parts);
    desk.#open();
    return desk;
  }

  report(): Promise<HubStatus> {
    return this.#reportOf(undefined);
  }

  /** The store is asked where it was not looked at. */
  #reportOf(looked: QueueStatus | undefined): Promise<HubStatus> {
    const { foundation, downstream, entrance, lookout, reload } = this.#parts;
    const { startedMs, state, parts } = this.#frame;
    const { store, telling, quotas } = foundation;
    const { outputs, processing } = downstream;
    const { intake, tls, sites } = entrance;
    const { rates } = lookout;
    const { pipelines } = processing;
    const reported = { options: parts.options, store, outputs, pipelines, intake, telling, quotas, tls, sites, startedMs, rates };
    const health = headOfTree(this.health.model.tree);
    return hubReport(reported, { state, listeners: entrance.status(), configuration: reload()?.status, health }, looked);
  }

  readiness(): Promise<Verdict> {
    return this.#readiness.verdict();
  }

  /** This site's health, as the site above is told it. */
  snapshot(): Promise<unknown> {
    const { foundation, entrance } = this.#parts;
    const { store, registry, telling } = foundation;
    const { intake } = entrance;
    return ownSnapshot({
      site: this.#frame.parts.options.site,
      store,
      registry,
      connections: () => intake.status().connections,
      findings: () => telling.findings.all(),
      health: () => siteHealth(this.health.model),
      below: () => this.#healthParts.sites.below(),
      clock: this.#frame.clock,
    });
  }

  /** What is found about channels may be another now. */
  lookAtChannels(): void {
    this.#watch.look();
  }

  /** What may go is another now. */
  houseChanged(): void {
    this.#operations.housekeeping.changed();
  }

  #open(): void {
    const frame = this.#frame;
    const { housekeeping, deadLetters } = this.#operations;
    const { door } = this.#parts.foundation;
    frame.run('housekeeping', (signal) => housekeeping.run(signal));
    frame.use('dead letters', deadLetters);
    this.#parts.lookout.measurements.watchFlow(() => this.health.flow(() => true, true));
    this.#healthParts.start();
    this.#alerting.start();
    frame.run('watch of channels', (signal) => this.#watch.run(signal));
    door.serve({ report: () => this.report(), readiness: () => this.readiness(), routes: this.#routes() });
    // Closed before the parts that it tells of.
    frame.use('answers at the door', door);
  }

  #routes(): SocketRoutes {
    const { clock } = this.#frame;
    const { foundation, downstream } = this.#parts;
    const { store, registry } = foundation;
    const restore = new RestoreOperations({ queue: store.queue, registry, outputs: downstream.outputs, clock });
    const reindex = new ReindexOperations({ queue: store.queue, registry });
    return unlessAway(socketRoutes({ ...this.#operations, restore, reindex, alerts: this.#alerting.alerts }), { store, clock });
  }
}
