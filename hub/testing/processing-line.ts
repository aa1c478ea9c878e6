/** Queue, pipelines and archive as the hub wires them, over a temporary folder, for tests that put batches in at the left. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { running } from '../groups/running.ts';
import { Archive, type ArchiveOptions } from '../outputs/archive/archive.ts';
import { Burst } from '../groups/burst.ts';
import { passThrough } from '../processing/pass-through.ts';
import type { Processor } from '../processing/pipeline-pool.ts';
import { Pipelines } from '../processing/pipelines.ts';
import type { QueueLimits } from '../queue/limits.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import type { SqliteQueue } from '../queue/sqlite/sqlite-queue.ts';
import { folderArchive } from '../outputs/archive/store/archive-spec.ts';
import { archiveWorker } from '../workers.ts';

export interface LineOptions {
  readonly folder?: string;
  readonly limits?: Partial<QueueLimits>;
  readonly processor?: Processor;
  readonly bundleEntriesMax?: number;
  readonly archive?: Partial<ArchiveOptions>;
  /** Nobody reads these. */
  readonly unread?: readonly string[];
}

export class ProcessingLine implements AsyncDisposable {
  readonly folder: string;
  readonly queue: SqliteQueue;
  readonly archive: Archive;
  readonly pipelines: Pipelines;
  readonly logged: readonly LogEntry[];
  readonly #owned = new AsyncDisposableStack();

  static async open(options: LineOptions = {}): Promise<ProcessingLine> {
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'tributary-hub-'));
    const logged: LogEntry[] = [];
    const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
    const queue = await openSqliteQueue({ folder, log, limits: { reserveBytes: 65_536, ...options.limits } });
    return new ProcessingLine(options, { folder, queue, logged, log });
  }

  private constructor(
    options: LineOptions,
    parts: { folder: string; queue: SqliteQueue; logged: LogEntry[]; log: ArchiveOptions['logger'] },
  ) {
    const { folder, queue, logged, log } = parts;
    this.folder = folder;
    this.queue = queue;
    this.logged = logged;
    if (options.folder === undefined) this.#owned.defer(() => rmSync(folder, { recursive: true }));
    this.#owned.use(queue);
    mkdirSync(this.archiveFolder, { recursive: true });
    const cluster = { partitions: () => new Set([0]), onChanged: () => () => undefined, onAnnounced: () => () => undefined };
    this.archive = this.#owned.use(
      new Archive({
        queue,
        cluster,
        clock: systemClock,
        logger: log,
        owner: queue.hubId,
        archive: folderArchive(this.archiveFolder),
        objectBytes: 64 << 20,
        rollIntervalMs: 60_000,
        compression: 'zstd',
        worker: archiveWorker,
        crashPoint: undefined,
        ...options.archive,
      }),
    );
    this.pipelines = new Pipelines({
      queue,
      cluster,
      clock: systemClock,
      logger: log,
      processor: options.processor ?? { process: async (entries) => passThrough(entries) },
      owner: queue.hubId,
      burst: new Burst(systemClock, Infinity),
      bundleEntriesMax: options.bundleEntriesMax,
      prepare: async (channel) => {
        if (options.unread?.includes(channel) === true) return false;
        await this.archive.prepare(channel);
        return true;
      },
    });
  }

  get archiveFolder(): string {
    return join(this.folder, 'archive');
  }

  startPipelines(): void {
    this.#owned.use(running((signal) => this.pipelines.run(signal), rethrow));
  }

  startArchive(): AsyncDisposable {
    return this.#owned.use(running((signal) => this.archive.run(signal), rethrow));
  }

  /** Names of the archive's files, relative to its folder, in order; not those that tell where its chains end. */
  files(ending = ''): string[] {
    return readdirSync(this.archiveFolder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && !entry.name.startsWith('.chain-'))
      .map((entry) => join(entry.parentPath, entry.name).slice(this.archiveFolder.length + 1))
      .toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

function rethrow(error: unknown): void {
  throw error;
}
