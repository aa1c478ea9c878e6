/** The archive output as a whole: a reader for every back topic, one writing thread, the leftovers in its store. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { LazyThread } from '../../groups/lazy-thread.ts';
import { type RunnersCluster, TopicRunners } from '../../groups/topic-runners.ts';
import { archiveGroup, backTopic, type Queue } from '../../queue/queue.ts';
import type { ArchiveContract, ArchiveThreadData } from './archive-contract.ts';
import { ChannelArchive } from './channel-archive.ts';
import { ArchivedBefore } from './archived-before.ts';
import { Chains } from './chain/chains.ts';
import type { ArchiveSums } from './archive-sums.ts';
import { EarlyRequests } from './early-requests.ts';
import { ArchiveEvents, type ArchiveCounts, type ArchiveListeners } from './events.ts';
import type { Compression } from './frame-codec.ts';
import { objectsOpenFarMax, objectsOpenMax } from './limits.ts';
import { isObjectName } from './object-name.ts';
import { ObjectSink } from './object-sink.ts';
import type { ArchiveSpec } from './store/archive-spec.ts';
import type { ArchiveStore } from './store/archive-store.ts';
import { openStore } from './store/open-store.ts';

export interface ArchiveOptions extends ArchiveListeners {
  readonly queue: Queue;
  readonly cluster: RunnersCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly owner: string;
  /** What documents' routes know it by. */
  readonly name?: string;
  readonly archive: ArchiveSpec;
  readonly objectBytes: number;
  readonly rollIntervalMs: number;
  readonly compression: Compression;
  readonly worker: WorkerEntry;
  /** Armed in the writing thread too. */
  readonly crashPoint: string | undefined;
}

export class Archive implements AsyncDisposable {
  /** Of this thread: the writing one has its own. */
  readonly store: ArchiveStore;
  readonly #options: ArchiveOptions;
  readonly #events: ArchiveEvents;
  readonly #thread: LazyThread<ArchiveContract>;
  readonly #runners: TopicRunners<ChannelArchive>;
  readonly #early: EarlyRequests;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    const { queue, cluster, clock, logger, owner, name, archive, objectBytes, rollIntervalMs, compression, worker, crashPoint } =
      options;
    const store = (this.store = openStore(archive.store));
    const events = new ArchiveEvents(logger, options);
    this.#events = events;
    const early = (this.#early = new EarlyRequests(clock));
    const workerData: ArchiveThreadData = { archive, crashPoint };
    this.#thread = new LazyThread<ArchiveContract>(worker, { workerData });
    const chains = new Chains(store);
    const sink = new ObjectSink({
      queue,
      chains,
      openMax: archive.store.kind === 'folder' ? objectsOpenMax : objectsOpenFarMax,
      thread: this.#thread,
      output: name,
    });
    const before = new ArchivedBefore({ queue, store, thread: this.#thread, events });
    const encrypted = archive.encryption?.encrypts === true;
    const rules = { objectBytes, rollIntervalMs };
    this.#runners = new TopicRunners({
      queue,
      cluster,
      clock,
      logger,
      prefix: backTopic(''),
      group: archiveGroup,
      create: (place) => {
        const runner = new ChannelArchive({ queue, clock, events, sink, before, owner, place, rules, compression, encrypted });
        if (early.take(place)) runner.request();
        return runner;
      },
    });
  }

  get counts(): Readonly<ArchiveCounts> {
    return this.#events.counts;
  }

  /** Where it is, and by which keys it is read. */
  get spec(): ArchiveSpec {
    return this.#options.archive;
  }

  /** What objects cannot be written for, while they cannot; empty otherwise. */
  get trouble(): string {
    return this.#events.trouble;
  }

  /** What the whole archive holds, once `load` has read the index. */
  get sums(): Readonly<ArchiveSums> {
    return this.#events.sums;
  }

  /** Called once, before `run`. */
  async load(): Promise<void> {
    const objects = await this.#options.queue.archiveObjects();
    for (const object of objects) this.#events.sums.add(object);
    if (objects.length > 0) return;
    const first = await firstObject(this.store);
    if (first !== undefined) this.#events.indexLost(first);
  }

  /** Registers the archive as a reader of a channel's back topic, before anything is published to it. */
  async prepare(channel: ChannelName): Promise<void> {
    const topic = backTopic(channel);
    await this.#options.queue.ensureGroup({ topic, group: archiveGroup, policy: { kind: 'blocking' }, from: 'beginning' });
  }

  async run(signal: AbortSignal): Promise<void> {
    const remove = this.#options.queue.onArchiveRequested((channel, partition) => {
      const runners = this.#runners.runnersOf(channel, partition);
      if (runners.length === 0) this.#early.add(channel, partition);
      for (const runner of runners) runner.request();
    });
    // Who is told to stop waits for no server.
    signal.addEventListener('abort', () => void this.store[Symbol.asyncDispose](), { once: true });
    try {
      await this.#runners.run(signal);
    } finally {
      remove();
    }
  }

  /**
   * Removes what an interrupted program left of objects that it was writing, and tells of objects that have no row in the index. Those stay:
   * they are what is left of an archive whose index was lost. Only what is older than `beforeMs` counts, so nothing under way is touched.
   */
  async sweep(beforeMs: number): Promise<void> {
    const { store } = this;
    this.#events.temporaryRemoved(await store.removeLeftovers(beforeMs));
    const objects: string[] = [];
    for await (const { name, modifiedMs } of store.list('')) if (isObjectName(name) && modifiedMs < beforeMs) objects.push(name);
    const rows = new Set((await this.#options.queue.archiveObjects()).map((object) => object.name));
    this.#events.withoutRow(objects.filter((name) => !rows.has(name)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

/** Looks no further than the first: this is on the way to a start. A store that cannot be read is told by the sweep. */
async function firstObject(store: ArchiveStore): Promise<string | undefined> {
  try {
    for await (const { name } of store.list('')) if (isObjectName(name)) return name;
  } catch {
    return undefined;
  }
  return undefined;
}
