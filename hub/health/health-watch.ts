/** Keeps the model of health as it is now: gathers what is known every second, or every few with very many agents, and colours the tree anew. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { FlowAnswer } from '../dashboard/api/health-shapes.ts';
import type { OutputStatus } from '../outputs/output.ts';
import { channelOf, frontTopic, type QueueStatus } from '../queue/queue.ts';
import type { SiteView } from '../sites/lower-sites.ts';
import { Rates } from '../status/rates.ts';
import type { HubStore } from '../store/hub-store.ts';
import type { Findings } from './findings.ts';
import type { SeenAgent } from './known-agents.ts';
import { lookAgain } from './look-again.ts';
import type { ListenerRate, TakingListener } from './listener-facts.ts';
import type { HealthFacts } from './model/facts.ts';
import { flowOf } from './model/flow.ts';
import { FlowRates } from './model/flow-rates.ts';
import { HealthModel } from './model/health-model.ts';
import { refreshMs } from './model/limits.ts';
import type { SitePart } from './site-parts.ts';

export interface HealthWatchParts {
  readonly site: string;
  readonly store: Pick<HubStore, 'siteId' | 'hubId'>;
  readonly hubs: () => { readonly all: HealthFacts['hubs']; readonly unknown: HealthFacts['unknown'] };
  /** What other hubs told. */
  readonly others: () => readonly SitePart[];
  readonly agents: () => readonly SeenAgent[];
  readonly inputsOf: HealthFacts['inputsOf'];
  readonly listeners: () => readonly TakingListener[];
  readonly outputs: () => readonly OutputStatus[];
  readonly findings: Pick<Findings, 'all'>;
  readonly sites: () => { readonly views: readonly SiteView[]; readonly unknown: HealthFacts['unknown'] };
  readonly clock: Clock;
}

export class HealthWatch {
  readonly model: HealthModel;
  readonly #parts: HealthWatchParts;
  readonly #rates = new FlowRates();
  readonly #listenerRates = new Map<string, Rates>();
  readonly #lastReceivedMs = new Map<string, number>();
  readonly #receivedRecords = new Map<string, number>();
  /** What sites below told of changes, each as it was told. */
  readonly #changesSeen = new WeakSet<object>();
  #queue: QueueStatus | undefined;

  constructor(parts: HealthWatchParts) {
    this.#parts = parts;
    this.model = new HealthModel({ clock: parts.clock, hubId: parts.store.hubId });
  }

  /** As somebody asked for it last; undefined before anybody did. */
  get queue(): QueueStatus | undefined {
    return this.#queue;
  }

  /** Until aborted. What is wrong is judged first, so that it shows at once. */
  async run(judge: () => void, signal: AbortSignal): Promise<void> {
    const look = (): void => {
      judge();
      this.refresh();
    };
    await lookAgain(this.#parts.clock, refreshMs, look, signal);
  }

  /** The queue's figures, whenever somebody asked for them. */
  looked(status: QueueStatus): void {
    const { clock } = this.#parts;
    this.#queue = status;
    this.#rates.sample(clock.monotonic(), status);
    for (const [topic, places] of Map.groupBy(status.topics, (place) => place.topic)) {
      if (!topic.startsWith(frontTopic(''))) continue;
      const channel = channelOf(topic);
      const records = places.reduce((sum, { receivedRecords }) => sum + receivedRecords, 0);
      const before = this.#receivedRecords.get(channel);
      this.#receivedRecords.set(channel, records);
      if (before !== undefined && records > before) this.#lastReceivedMs.set(channel, clock.now());
    }
  }

  refresh(): void {
    const { clock, listeners } = this.#parts;
    const atMs = clock.monotonic();
    for (const { name, counters } of listeners()) {
      this.#listenerRates.getOrInsertComputed(name, () => new Rates()).sample(atMs, counters);
    }
    const facts = this.#facts();
    this.model.refresh(facts);
    this.#addChanges(facts.sites);
  }

  /** Of this hub. */
  listenerRates(): ListenerRate[] {
    return this.#parts.listeners().map(({ name }) => {
      const { records, bytes } = this.#listenerRates.get(name)?.perSecond() ?? nothing;
      return { name, records, bytes };
    });
  }

  /** Of the channels that `sees` lets through, and of the site where `seesSite`. */
  flow(sees: (channel: string) => boolean, seesSite: boolean): FlowAnswer {
    const { agents, outputs, store, others } = this.#parts;
    const parts = {
      atMs: this.model.atMs,
      tree: this.model.tree,
      rates: this.#rates,
      queue: this.#queue ?? noQueue(store.siteId),
      agents: agents(),
      outputs: outputs(),
      hubs: [
        { hubId: store.hubId, listeners: this.listenerRates() },
        ...others().map(({ hubId, listenerRates }) => ({ hubId, listeners: listenerRates })),
      ],
      lastReceivedMs: (channel: string) => this.#lastReceivedMs.get(channel),
    };
    return flowOf(parts, sees, seesSite);
  }

  #addChanges(sites: readonly SiteView[]): void {
    for (const { siteId, health, sites: below } of sites) {
      if (health !== undefined && !this.#changesSeen.has(health.changes)) {
        this.#changesSeen.add(health.changes);
        this.model.addChanges(siteId, health.changes);
      }
      this.#addChanges(below);
    }
  }

  #facts(): HealthFacts {
    const { site, store, hubs, agents, inputsOf, outputs, listeners, findings, sites, others } = this.#parts;
    const { siteId, hubId } = store;
    const { all, unknown } = hubs();
    const { views, unknown: unknownSites } = sites();
    const parts = others();
    return {
      site: { name: site, siteId },
      hubs: all,
      listeners: [
        ...ofHub(hubId, listeners()),
        ...parts.flatMap((part) =>
          ofHub(
            part.hubId,
            part.listeners.map((name) => ({ name })),
          ),
        ),
      ],
      queue: this.#queue ?? noQueue(siteId),
      outputs: outputs(),
      agents: agents(),
      inputsOf,
      sites: views,
      findings: [
        ...findings.all().map((finding) => ({ ...finding, hubId })),
        ...parts.flatMap((part) => part.findings.map((finding) => ({ ...finding, hubId: part.hubId }))),
      ],
      unknown: [...unknown, ...unknownSites],
    };
  }
}

function ofHub(hubId: Id, listeners: readonly { readonly name: string }[]): HealthFacts['listeners'][number][] {
  return listeners.map(({ name }) => ({ hubId, name }));
}

const nothing = { records: 0, bytes: 0 };

/** Before it answered for the first time. */
function noQueue(storeId: string): QueueStatus {
  const none = { bytes: 0, maxBytes: 0, topics: [], groups: [], channels: [], archived: [], deadLetters: 0 };
  return { ...none, storeId, state: 'open' };
}
