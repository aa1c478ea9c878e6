/**
 * The hub's wiring: constructed and started from right to left, stopped from left to right, so that nothing ever hands on to a part that
 * is not there. Only here and in wiring/ are implementations known:
 *
 *     Foundation  store, registry, what the hub tells, quotas
 *     Downstream  outputs, pipelines
 *     Entrance    certificates, intake; its listeners last of all
 *     Lookout     what looks at all of it
 *     Desk        what people see and do
 */
import { noAddressHint, ownAddress } from './cluster/own-address.ts';
import type { HubOptions } from './options.ts';
import { Reload } from './reload/reload.ts';
import { reloadParts } from './reload/reload-parts.ts';
import { giveUpStore } from './store/give-up-store.ts';
import { Desk } from './wiring/desk.ts';
import { type Downstream, startDownstream } from './wiring/downstream.ts';
import { Entrance, type ReloadableListeners } from './wiring/entrance.ts';
import { type Foundation, openFoundation } from './wiring/foundation.ts';
import { HubFrame, type HubParts } from './wiring/hub-frame.ts';
import { Lookout, watchFoundation } from './wiring/lookout.ts';

interface Stages {
  readonly foundation: Foundation;
  readonly downstream: Downstream;
  readonly entrance: Entrance;
  readonly desk: Desk;
}

export class Hub implements AsyncDisposable {
  readonly #frame: HubFrame;
  readonly #stages: Stages;
  readonly #reload: Reload;

  private constructor(frame: HubFrame, stages: Stages, reload: Reload) {
    this.#frame = frame;
    this.#stages = stages;
    this.#reload = reload;
  }

  /** Resolves when agents can connect. Rejects when a part cannot be started; those that were are stopped then. */
  static async start(parts: HubParts): Promise<Hub> {
    const frame = new HubFrame(parts);
    try {
      return await Hub.#start(frame);
    } catch (error) {
      await frame[Symbol.asyncDispose]();
      throw error;
    }
  }

  static async #start(frame: HubFrame): Promise<Hub> {
    // Outputs and what people are shown are there before them.
    let atDesk: Desk | undefined;
    let reload: Reload | undefined;
    const foundation = await openFoundation(frame);
    watchFoundation(frame, foundation);
    const downstream = await startDownstream(frame, foundation, async () => atDesk?.snapshot());
    const entrance = await Entrance.open(frame, foundation);
    const looked = { foundation, downstream, entrance, options: (): HubOptions => reload?.options ?? frame.parts.options };
    const lookout = new Lookout(frame, looked);
    const desk = Desk.open(frame, { ...looked, lookout, reload: () => reload });
    atDesk = desk;
    lookout.start();
    const listeners = await entrance.listen({ api: desk.api, readiness: () => desk.readiness() });
    const stages = { foundation, downstream, entrance, desk };
    reload = makeReload(frame, stages, listeners);
    const hub = new Hub(frame, stages, reload);
    hub.#becomeReady();
    return hub;
  }

  /** Where agents connect. */
  get url(): string {
    return this.#stages.entrance.url;
  }

  /** Where the HTTP API and the push listeners are. */
  get httpUrls(): { readonly http: string | undefined; readonly push: readonly string[] | undefined } {
    const { http, push } = this.#stages.entrance.status();
    return { http: http?.url, push: push?.map(({ url }) => url) };
  }

  /** Rejects when the hub cannot go on. */
  get failed(): Promise<never> {
    return this.#frame.failed;
  }

  /** Reads the configuration again, and changes what can change; what cannot stays. `read` throws a ConfigError. */
  async reload(read: () => HubOptions): Promise<void> {
    if (this.#frame.state === 'draining') return;
    await this.#reload.reload(read);
    await this.#stages.downstream.processing.load();
  }

  /** Takes no more connections, lets what was sent be acked, ends the steps under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { foundation, entrance } = this.#stages;
    this.#frame.state = 'draining';
    foundation.store.cluster.tell({ state: 'draining' });
    const stopped = new AbortController();
    const givenUp = this.#giveUpStore(stopped.signal);
    // What agents sent is acked by the store alone.
    await Promise.race([entrance.drain(), givenUp]);
    await this.#frame[Symbol.asyncDispose]();
    stopped.abort();
    await givenUp;
  }

  #giveUpStore(stopped: AbortSignal): Promise<void> {
    const { foundation, entrance } = this.#stages;
    const connections = entrance.intake.status().connections.length;
    const { clock, parts } = this.#frame;
    return giveUpStore({ store: foundation.store, connections, clock, logger: parts.logger }, stopped);
  }

  /** From now on agents are sent here, too. */
  #becomeReady(): void {
    const { options, logger } = this.#frame.parts;
    const { kind, cluster } = this.#stages.foundation.store;
    const { address: bound, tls } = this.#stages.entrance.listener ?? {};
    const address = bound === undefined ? '' : ownAddress(options, { bound, tls: tls === true });
    if (bound !== undefined && address === '' && kind === 'redis') logger.warn(noAddressHint, { bound });
    this.#frame.state = 'ready';
    cluster.tell({ state: 'ready', address });
  }
}

function makeReload(
  { parts: { options, logger, setLogLevel }, clock }: HubFrame,
  stages: Stages,
  listeners: ReloadableListeners,
): Reload {
  const { foundation, downstream, desk } = stages;
  const { store, registry, telling, quotas } = foundation;
  const { outputs, processing, retention } = downstream;
  const { findings } = telling;
  const parts = reloadParts({
    ...listeners,
    queue: store.queue,
    outputs,
    quotas,
    processing,
    findings,
    setLogLevel,
    lookAtChannels: () => desk.lookAtChannels(),
    houseChanged: ({ housekeeping }) => {
      desk.houseChanged();
      retention.use(housekeeping.retention);
    },
  });
  return new Reload({ hubId: store.hubId, options, parts, registry, findings, clock, logger });
}
