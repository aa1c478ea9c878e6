/** A hub's queue and processing over a temporary folder, with pipelines from files, for tests that put batches in at the left. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import type { Fields } from '../processing/record/fields.ts';
import { Burst } from '../groups/burst.ts';
import { running } from '../groups/running.ts';
import { hubOptions } from '../options.ts';
import { decodeBlock } from '../processing/block.ts';
import { documentsOf } from '../processing/block-documents.ts';
import { Processing } from '../processing/processing.ts';
import { backTopic } from '../queue/queue.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import type { SqliteQueue } from '../queue/sqlite/sqlite-queue.ts';
import { CurrentRedactions } from '../redaction/current-redactions.ts';
import { MemoryMeta, RecordingFindings } from './recording-health.ts';

export interface TestDocument {
  readonly text: string;
  readonly fields: Fields;
}

export interface PipelineSiteOptions {
  /** By their files' names. */
  readonly files: Readonly<Record<string, string>>;
  /** As in the configuration. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly size?: number;
}

const tenant = 'acme';

export class PipelineSite implements AsyncDisposable {
  readonly folder: string;
  readonly findings = new RecordingFindings();
  readonly logged: LogEntry[] = [];
  readonly #owned = new AsyncDisposableStack();
  #queue: SqliteQueue | undefined;
  #processing: Processing | undefined;

  static async open(options: PipelineSiteOptions): Promise<PipelineSite> {
    const site = new PipelineSite();
    await site.#open(options);
    return site;
  }

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'tributary-site-'));
    this.#owned.defer(() => rmSync(this.folder, { recursive: true }));
    mkdirSync(this.#pipelines);
  }

  get queue(): SqliteQueue {
    return known(this.#queue);
  }

  get processing(): Processing {
    return known(this.#processing);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.#pipelines, name), text);
  }

  remove(name: string): void {
    rmSync(join(this.#pipelines, name));
  }

  /** All that came out for a log type, in order. */
  async documents(type: string): Promise<TestDocument[]> {
    const from = { topic: backTopic(`${tenant}/${type}`), partition: 0, afterSequence: 0 };
    const entries = await this.queue.read(from, { entries: 100_000, bytes: 1 << 30 });
    return entries.flatMap(({ body, inflatedBytes }) =>
      [...documentsOf(decodeBlock(body, inflatedBytes))].map(({ raw, fields }) => {
        return { text: Buffer.from(raw).toString(), fields: JSON.parse(Buffer.from(fields ?? '{}').toString()) };
      }),
    );
  }

  /** `red pipeline-step-off: …` */
  told(): string[] {
    return this.findings.all().map(({ kind, level, reason }) => `${level} ${kind}: ${reason}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  get #pipelines(): string {
    return join(this.folder, 'pipelines');
  }

  async #open({ files, options, size = 2 }: PipelineSiteOptions): Promise<void> {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    const logger = createLogger({ level: 'debug', sink: (entry) => void this.logged.push(entry) });
    const folder = join(this.folder, 'queue');
    const queue = this.#owned.use(await openSqliteQueue({ folder, log: logger, limits: { reserveBytes: 65_536 } }));
    const registry = Object.assign(new MemoryMeta(), { record: async () => undefined });
    const processing = await Processing.start({
      options: hubOptions.parse({ ...options, pipelines_dir: this.#pipelines }),
      queue,
      cluster: { partitions: () => new Set([0]), onChanged: () => () => undefined, onAnnounced: () => () => undefined },
      clock: systemClock,
      logger,
      hubId: queue.hubId,
      owner: queue.hubId,
      size,
      burst: new Burst(systemClock, Infinity),
      registry,
      findings: this.findings,
      redactions: new CurrentRedactions(),
      prepare: async (channel) => {
        const group = { topic: backTopic(channel), group: 'test', policy: { kind: 'blocking' }, from: 'beginning' } as const;
        await queue.ensureGroup(group);
        return true;
      },
    });
    this.#queue = queue;
    this.#processing = this.#owned.use(processing);
    this.#owned.use(
      running(
        (signal) => processing.run(signal),
        (error) => {
          throw error;
        },
      ),
    );
  }
}

function known<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('the site is opened first');
  return part;
}
