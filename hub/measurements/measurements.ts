/**
 * What the hub knows of its agents and of itself over time. Documents of the platform channels come in by one reader, and go on to whoever subscribed, to the
 * latest state of each agent, to its events, and to the series that charts are drawn from.
 *
 * Nothing of it is truth: a store that cannot be written to is told in the log, and tried again.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { HeldLock } from '../cluster/cluster.ts';
import type { AgentEvent } from '../dashboard/api/agent-shapes.ts';
import type { FlowAnswer } from '../dashboard/api/health-shapes.ts';
import { pause } from '../groups/retry.ts';
import type { HubStore } from '../store/hub-store.ts';
import { eventsOf, eventText } from './agents/agent-events.ts';
import { AgentStates } from './agents/agent-states.ts';
import { StateKeeper } from './agents/state-keeper.ts';
import { parseState } from './agents/state-text.ts';
import { type Chart, type ChartQuery, readChart } from './charts/charts.ts';
import { rollUp } from './charts/roll-up.ts';
import { SeriesBook } from './charts/series-book.ts';
import { eventsWaitingMax, failureToldMs, flushIntervalMs, siteSampleMs, trimIntervalMs } from './limits.ts';
import type { PlatformDocument } from './platform-document.ts';
import { type PlatformListener, PlatformReader } from './platform-reader.ts';
import { sampleOf } from './series.ts';
import { siteValues } from './site-series.ts';
import type { AgentText, MeasurementStore } from './store/measurement-store.ts';
import { ToldHubs } from './told-hubs.ts';

export interface MeasurementsParts {
  readonly store: Pick<HubStore, 'queue' | 'cluster' | 'hubId' | 'siteId'>;
  /** The caller's to close, after this has ended. */
  readonly kept: MeasurementStore;
  /** As the configuration has it now. */
  readonly bytesMax: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Measurements {
  readonly states: AgentStates;
  readonly #parts: MeasurementsParts;
  readonly #reader: PlatformReader;
  readonly #book: SeriesBook;
  readonly #keeper: StateKeeper;
  readonly #hubs: ToldHubs;
  #flow: (() => FlowAnswer) | undefined;
  #events: AgentText[] = [];
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MeasurementsParts) {
    const { store, kept, clock, logger } = parts;
    const { queue, cluster, hubId } = store;
    this.#parts = parts;
    this.states = new AgentStates(clock);
    this.#book = new SeriesBook({ store: kept, clock });
    this.#keeper = new StateKeeper({ store: kept, clock });
    this.#reader = new PlatformReader({ queue, cluster, hubId, clock, logger });
    this.#reader.onPlatformDocument((document) => this.#take(document));
    this.#hubs = new ToldHubs({
      cluster,
      onState: (state) => this.states.adopt(state),
      onMeasured: (measured) => this.#book.add(measured, false),
    });
  }

  /** Of every document of the platform channels in the partitions that this hub works on. Returns its own removal. */
  onPlatformDocument(listener: PlatformListener): () => void {
    return this.#reader.onPlatformDocument(listener);
  }

  /** Where the site's own rates come from. */
  watchFlow(flow: () => FlowAnswer): void {
    this.#flow = flow;
  }

  /** What happened to an agent, the newest first. */
  async events(agentId: Id, range: { readonly skip: number; readonly limit: number }): Promise<readonly AgentEvent[]> {
    await this.#try(() => this.#flushEvents());
    return eventsOf(await this.#parts.kept.events(agentId, range));
  }

  chart(query: Omit<ChartQuery, 'subject'>, agentId?: Id): Promise<Chart> {
    const { kept: store, clock, store: own } = this.#parts;
    return readChart({ book: this.#book, store, nowMs: clock.now() }, { ...query, subject: agentId ?? own.siteId });
  }

  /** Until aborted; then what is in memory only is stored. */
  async run(signal: AbortSignal): Promise<void> {
    const { cluster } = this.#parts.store;
    await this.#try(async () => {
      for (const { json } of await this.#parts.kept.states()) {
        const state = parseState(json);
        if (state !== undefined) this.states.adopt(state);
      }
    });
    try {
      await Promise.all([
        this.#reader.run(signal),
        this.#flushAgain(signal),
        cluster.underLock('measurements', signal, (lock, inner) => this.#keepHouse(lock, inner)),
      ]);
    } finally {
      this.#hubs[Symbol.dispose]();
      await this.#flush(true);
    }
  }

  /** For an agent of this site only this site speaks, whatever a site below calls its own. */
  #speaksForOurs({ siteId, agentId }: PlatformDocument): boolean {
    const own = this.#parts.store.siteId;
    return siteId !== own && this.states.get(agentId)?.siteId === own;
  }

  #take(document: PlatformDocument): void {
    if (this.#speaksForOurs(document)) return;
    const event = eventText(document);
    if (event !== undefined && this.#events.length < eventsWaitingMax) this.#events.push(event);
    const sample = sampleOf(document);
    const state = this.states.take(document, sample);
    if (state === undefined) return;
    this.#keeper.changed(state);
    const measured = { subject: document.agentId, atMs: document.atMs, values: sample };
    this.#book.add(measured);
    this.#hubs.add(state, measured);
  }

  async #flushAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#parts.clock, flushIntervalMs, signal);
      await this.#try(() => this.#hubs.tell());
      await this.#flush();
      this.states.forgetOld();
    }
  }

  /** What one of them cannot store keeps no other from it. */
  async #flush(all = false): Promise<void> {
    const work = [() => this.#flushEvents(), () => this.#book.flush(all), () => this.#keeper.flush(all)];
    await Promise.all(work.map((one) => this.#try(one)));
  }

  /** Of each agent by itself: what is in a part of the store that can be reached is not stored again with what is not. */
  async #flushEvents(): Promise<void> {
    const events = [...Map.groupBy(this.#events, ({ agentId }) => agentId).values()];
    this.#events = [];
    const stored = await Promise.allSettled(events.map((ofAgent) => this.#parts.kept.addEvents(ofAgent)));
    const failed = events.filter((_, index) => stored[index]?.status === 'rejected').flat();
    this.#events = [...failed, ...this.#events].slice(0, eventsWaitingMax);
    for (const result of stored) if (result.status === 'rejected') throw result.reason;
  }

  /** What one hub of the site does for all. */
  async #keepHouse(lock: HeldLock, signal: AbortSignal): Promise<void> {
    await Promise.all([this.#rollAgain(lock, signal), this.#sampleSite(lock, signal), this.#trimAgain(lock, signal)]);
  }

  async #rollAgain(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { kept: store, clock } = this.#parts;
    while (!signal.aborted && (await lock.isHeld())) {
      await this.#try(() => rollUp({ store, clock }, lock, signal));
      await pause(clock, siteSampleMs, signal);
    }
  }

  async #sampleSite(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#parts;
    while (!signal.aborted && (await lock.isHeld())) {
      await pause(clock, siteSampleMs, signal);
      const flow = this.#flow?.();
      if (flow === undefined || signal.aborted) continue;
      const measured = { subject: store.siteId, atMs: clock.now(), values: siteValues(flow) };
      this.#book.add(measured);
      this.#hubs.add(undefined, measured);
    }
  }

  async #trimAgain(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { clock, kept, bytesMax } = this.#parts;
    while (!signal.aborted && (await lock.isHeld())) {
      await this.#try(() => kept.trim({ nowMs: clock.now(), bytesMax: bytesMax() }));
      await pause(clock, trimIntervalMs, signal);
    }
  }

  async #try(work: () => Promise<unknown>): Promise<void> {
    const { clock, logger } = this.#parts;
    try {
      await work();
    } catch (error) {
      const nowMs = clock.monotonic();
      if (nowMs - this.#toldMs < failureToldMs) return;
      this.#toldMs = nowMs;
      logger.warn('what was measured cannot be stored or read now: charts have holes', { error });
    }
  }
}
