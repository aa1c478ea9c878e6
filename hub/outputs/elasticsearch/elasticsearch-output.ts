/**
 * Documents into Elasticsearch, each once:
 *
 * ```text
 *   back topics ──► topic-indexer.ts ──► lines (threads) ──► bulk-sender.ts ──► client/connection.ts ──► the cluster
 *        cursor, dead letters ◄── commit, in order ◄── settled, document by document ◄───── answers
 * ```
 *
 * All topics of an output share its connection, its threads and what may be under way; a log type with figures of its own has a sender of its own.
 */
import { randomBytes } from 'node:crypto';
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import type { ElasticsearchOutputOptions } from '../../config/elasticsearch-options.ts';
import { keepDeadLetters } from '../../dead-letters/dead-letter.ts';
import { type RunnersCluster, TopicRunners } from '../../groups/topic-runners.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { Findings } from '../../health/findings.ts';
import type { HubOptions } from '../../options.ts';
import { DispatchBook } from '../../platform/dispatch/dispatch-book.ts';
import { backTopic, type GroupRequest, type Queue } from '../../queue/queue.ts';
import { bulkWorker } from '../../workers.ts';
import { type Output, OutputError, type OutputStatus } from '../output.ts';
import { AheadBudget } from './ahead-budget.ts';
import { BulkSender } from './bulk/bulk-sender.ts';
import { Pace } from './bulk/pace.ts';
import { ClusterServer } from './client/cluster-server.ts';
import { Connection } from './client/connection.ts';
import { ElasticsearchTelling, troubleText } from './elasticsearch-telling.ts';
import { aheadBytesMax, aheadBytesMin, stopMs, threadsMax } from './limits.ts';
import { LetterSender } from './letter-sender.ts';
import { LineMaker } from './line-maker.ts';
import { MetricSets } from './metric-sets.ts';
import { ElasticsearchPlatformWriter } from './platform-writer.ts';
import { OutputSetup, type OutputSetupParts } from './setup/output-setup.ts';
import { TopicIndexer } from './topic-indexer.ts';

export interface ElasticsearchOutputParts {
  readonly options: ElasticsearchOutputOptions;
  readonly queue: Queue;
  readonly cluster: RunnersCluster & Pick<Cluster, 'underLock'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly siteId: Id;
  readonly hubId: Id;
  readonly durability: HubOptions['queue']['durability'];
  readonly findings: Pick<Findings, 'put'>;
  readonly pipelines?: OutputSetupParts['pipelines'];
  readonly retention?: OutputSetupParts['retention'];
}

function aheadBytes({ bulk_bytes: bulkBytes, concurrency }: ElasticsearchOutputOptions): number {
  return Math.min(aheadBytesMax, Math.max(aheadBytesMin, 2 * bulkBytes * concurrency));
}

export const elasticsearchPrefix = 'elasticsearch:';

export class ElasticsearchOutput implements Output {
  readonly name: string;
  readonly #parts: ElasticsearchOutputParts;
  readonly #group: string;
  readonly #connection: Connection;
  readonly #telling: ElasticsearchTelling;
  readonly #lines: LineMaker;
  readonly #sender: BulkSender;
  /** Of the log types that have figures of their own. */
  readonly #typeSenders: ReadonlyMap<string, BulkSender>;
  /** Undefined where only `es setup` does it. */
  readonly #setup: OutputSetup | undefined;
  readonly #budget: AheadBudget;
  readonly #server: ClusterServer;
  readonly deadLetters: LetterSender;
  readonly platform: ElasticsearchPlatformWriter;
  readonly #dispatched: DispatchBook;

  private constructor(parts: ElasticsearchOutputParts, connection: Connection) {
    const { options } = parts;
    this.#parts = parts;
    this.name = options.name;
    this.#group = `${elasticsearchPrefix}${options.name}`;
    this.#connection = connection;
    this.#budget = new AheadBudget(aheadBytes(options));
    this.#telling = new ElasticsearchTelling({ ...parts, name: options.name });
    this.#setup = options.setup ? new OutputSetup({ ...parts, server: connection, telling: this.#telling }) : undefined;
    const { name: output, original, indices, platform_names: platformNames } = options;
    const { daily_past: dayPastMs, daily_future: dayFutureMs } = options;
    const rules = { output, original, indices, platformNames, dayPastMs, dayFutureMs };
    const sets = platformNames === 'beats' ? undefined : new MetricSets({ server: connection, max: options.metric_sets });
    const onOtherSets = (tenant: string, documents: number): void => this.#telling.otherSets(tenant, documents);
    this.#lines = new LineMaker(bulkWorker, { threads: threadsMax, rules, sets, onOtherSets });
    this.#server = this.#newServer();
    this.#sender = this.#newSender(options);
    this.deadLetters = new LetterSender(this.#sender);
    this.#dispatched = new DispatchBook({ ...parts, output });
    this.platform = new ElasticsearchPlatformWriter({
      ...parts,
      output,
      rules,
      book: this.#dispatched,
      sender: this.deadLetters,
      takes: (tenant) => this.reads(`${tenant}/${platformType}`) !== undefined,
      ready: (signal) => this.#setUp(signal),
      newId: () => randomBytes(16).toString('hex'),
    });
    this.#typeSenders = new Map(
      Object.entries(options.per_type).map(([type, own]) => [
        type,
        this.#newSender({
          bulk_bytes: own.bulk_bytes ?? options.bulk_bytes,
          bulk_wait: own.bulk_wait ?? options.bulk_wait,
          concurrency: own.concurrency ?? options.concurrency,
        }),
      ]),
    );
  }

  /** Rejects with an OutputError when it cannot be as configured. The cluster is not asked: it may be away. */
  static async open(parts: ElasticsearchOutputParts): Promise<ElasticsearchOutput> {
    try {
      return new ElasticsearchOutput(parts, await Connection.open(parts.options));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new OutputError(`outputs: ${parts.options.name} cannot be used: ${reason}`, { cause });
    }
  }

  reads(channel: ChannelName): 'back' | undefined {
    const { tenants, types } = this.#parts.options;
    const [tenant = '', type = ''] = channel.split('/');
    const isChosen = (tenants === undefined || tenants.includes(tenant)) && (types === undefined || types.includes(type));
    return isChosen ? 'back' : undefined;
  }

  async prepare(channel: ChannelName, from: GroupRequest['from']): Promise<void> {
    if (this.reads(channel) === undefined) return;
    const { queue } = this.#parts;
    await queue.ensureGroup({ topic: backTopic(channel), group: this.#group, policy: { kind: 'blocking' }, from });
    await keepDeadLetters(queue, channel);
  }

  /** While the cluster is away what is for it waits in the topics. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const inner = AbortSignal.any([signal, over.signal]);
    const hurry = new AbortController();
    const senders = [this.#sender, ...this.#typeSenders.values()];
    const setup = this.#setup;
    const works = [
      this.#runTopics(inner),
      ...(setup === undefined ? [] : [setup.run(inner)]),
      ...senders.map((sender) => sender.run(inner, hurry.signal)),
    ];
    const hurryLater = (): void => void setTimeout(() => hurry.abort(), stopMs).unref();
    inner.addEventListener('abort', hurryLater, { once: true });
    try {
      await Promise.all(works.map((work) => work.finally(() => over.abort())));
    } finally {
      over.abort();
      await Promise.allSettled(works);
    }
  }

  /** For searches, too. */
  get connection(): Pick<Connection, 'request'> {
    return this.#connection;
  }

  status(): OutputStatus {
    const senders = [this.#sender, ...this.#typeSenders.values()];
    const sent = senders.find((sender) => sender.trouble !== undefined)?.trouble;
    const trouble = this.#setup?.trouble ?? (sent && `Elasticsearch ${troubleText(sent)}`);
    const requests = senders.reduce((sum, { requestsUnderWay }) => sum + requestsUnderWay, 0);
    return {
      name: this.name,
      kind: 'elasticsearch',
      group: this.#group,
      state: trouble === undefined ? 'running' : 'waiting',
      trouble: trouble ?? '',
      counts: {
        ...this.#telling.counts,
        requestsUnderWay: requests,
        readAheadBytes: this.#budget.bytes,
        dispatched: this.#dispatched.counts.documents,
        unreadable: this.#dispatched.counts.unreadable,
      },
      requestSeconds: this.#telling.bulkSeconds,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#telling.clear();
    this.#dispatched.clear();
    await this.#lines[Symbol.asyncDispose]();
    await this.#connection[Symbol.asyncDispose]();
  }

  #newSender({
    bulk_bytes: bulkBytes,
    bulk_wait: waitMs,
    concurrency,
  }: Pick<ElasticsearchOutputOptions, 'bulk_bytes' | 'bulk_wait' | 'concurrency'>): BulkSender {
    return new BulkSender({
      clock: this.#parts.clock,
      waitMs,
      pace: new Pace({ bulkBytes, concurrency }),
      events: this.#telling,
      server: this.#server,
    });
  }

  #newServer(): ClusterServer {
    const { clock, options, siteId, durability } = this.#parts;
    return new ClusterServer({
      connection: this.#connection,
      clock,
      name: `${siteId}/${options.name}`,
      options,
      mayBeVolatile: durability === 'relaxed',
      onLookedUp: (documents, found) => this.#telling.lookedUp(documents, found),
    });
  }

  /** A document before its template would make an index whose mapping nobody meant. */
  async #setUp(signal: AbortSignal): Promise<void> {
    const abilities = await this.#setup?.done(signal);
    if (abilities !== undefined) this.#server.isSetUp(abilities);
  }

  async #runTopics(signal: AbortSignal): Promise<void> {
    await this.#setUp(signal);
    const { queue, cluster, clock, logger, hubId: owner } = this.#parts;
    const shared = {
      queue,
      clock,
      owner,
      lines: this.#lines,
      telling: this.#telling,
      budget: this.#budget,
      dispatched: this.#dispatched,
      left: new Map(),
    };
    const runners = new TopicRunners({
      queue,
      cluster,
      clock,
      logger,
      prefix: backTopic(''),
      group: this.#group,
      isChosen: (channel) => this.reads(channel) !== undefined,
      create: (place) => {
        const [, type = ''] = place.channel.split('/');
        const sender = this.#typeSenders.get(type) ?? this.#sender;
        return new TopicIndexer({ ...shared, place, sender, output: this.name, group: this.#group });
      },
    });
    await runners.run(signal);
  }
}
