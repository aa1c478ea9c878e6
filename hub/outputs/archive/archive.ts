/** The archive output as a whole: a reader for every back topic, one writing thread, the folder's housekeeping. */
import { opendir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { LazyThread } from '../../groups/lazy-thread.ts';
import { type RunnersCluster, TopicRunners } from '../../groups/topic-runners.ts';
import { archiveGroup, backTopic, type Queue } from '../../queue/queue.ts';
import type { ArchiveContract } from './archive-contract.ts';
import { ChannelArchive } from './channel-archive.ts';
import { ArchivedBefore } from './archived-before.ts';
import type { ArchiveSums } from './archive-sums.ts';
import { EarlyRequests } from './early-requests.ts';
import { ArchiveEvents, type ArchiveCounts } from './events.ts';
import type { Compression } from './frame-codec.ts';
import { isObjectName, isTemporaryName } from './object-name.ts';
import { ObjectSink } from './object-sink.ts';

export interface ArchiveOptions {
  readonly queue: Queue;
  readonly cluster: RunnersCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly owner: string;
  readonly folder: string;
  readonly objectBytes: number;
  readonly rollIntervalMs: number;
  readonly compression: Compression;
  readonly worker: WorkerEntry;
  /** Armed in the writing thread too. */
  readonly crashPoint: string | undefined;
}

export class Archive implements AsyncDisposable {
  readonly #options: ArchiveOptions;
  readonly #events: ArchiveEvents;
  readonly #thread: LazyThread<ArchiveContract>;
  readonly #runners: TopicRunners<ChannelArchive>;
  readonly #early: EarlyRequests;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    const { queue, cluster, clock, logger, owner, folder, objectBytes, rollIntervalMs, compression, worker, crashPoint } =
      options;
    const events = new ArchiveEvents(logger);
    this.#events = events;
    const early = (this.#early = new EarlyRequests(clock));
    this.#thread = new LazyThread<ArchiveContract>(worker, { workerData: { crashPoint } });
    const sink = new ObjectSink({ queue, folder, thread: this.#thread });
    const before = new ArchivedBefore({ queue, folder, thread: this.#thread, events });
    const rules = { objectBytes, rollIntervalMs };
    this.#runners = new TopicRunners({
      queue,
      cluster,
      clock,
      logger,
      prefix: backTopic(''),
      group: archiveGroup,
      create: (place) => {
        const runner = new ChannelArchive({ queue, clock, events, sink, before, owner, place, rules, compression });
        if (early.take(place)) runner.request();
        return runner;
      },
    });
  }

  get counts(): Readonly<ArchiveCounts> {
    return this.#events.counts;
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
    const first = await firstObject(this.#options.folder);
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
    try {
      await this.#runners.run(signal);
    } finally {
      remove();
    }
  }

  /**
   * Removes temporary files that an interrupted program left, and tells of objects that have no row in the index. Those stay: they
   * are what is left of an archive whose index was lost. Only files older than `beforeMs` count, so nothing under way is touched.
   */
  async sweep(beforeMs: number): Promise<void> {
    const { folder, queue } = this.#options;
    const objects: string[] = [];
    let removed = 0;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !(isTemporaryName(entry.name) || isObjectName(entry.name))) continue;
      const path = join(entry.parentPath, entry.name);
      const mtimeMs = await modifiedMs(path);
      if (mtimeMs === undefined || mtimeMs >= beforeMs) continue;
      if (isTemporaryName(entry.name)) {
        await rm(path, { force: true });
        removed += 1;
      } else objects.push(path.slice(folder.length + 1));
    }
    this.#events.temporaryRemoved(removed);
    const rows = new Set((await queue.archiveObjects()).map((object) => object.name));
    this.#events.withoutRow(objects.filter((name) => !rows.has(name)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]();
  }
}

/** Undefined: another hub, which writes into the same folder, has renamed it meanwhile. */
async function modifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Looks no further than the first: this is on the way to a start. A folder that cannot be read is told by the sweep. */
async function firstObject(folder: string): Promise<string | undefined> {
  try {
    for await (const entry of await opendir(folder, { recursive: true })) {
      if (entry.isFile() && isObjectName(entry.name)) return join(entry.parentPath, entry.name).slice(folder.length + 1);
    }
  } catch {
    return undefined;
  }
  return undefined;
}
