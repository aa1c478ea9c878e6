/**
 * The outputs of the configuration, each supervised on its own: one that fails or stands still stops no other. They change while the hub
 * runs: an output that is new registers where it begins, once; one that is gone leaves its groups with their progress
 * (removed-outputs.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import { supervise } from '@tributary/shared/async/supervise.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { DeadLetterSender } from '../dead-letters/dead-letter-sender.ts';
import { retryMsMax, retryMsMin } from '../groups/limits.ts';
import type { PlatformWriter } from '../platform/dispatch/platform-writer.ts';
import { isClosed } from '../queue/queue-error.ts';
import { frontTopic, type GroupRequest, pipelineGroup, type TopicName } from '../queue/queue.ts';
import { ArchiveOutput } from './archive/archive-output.ts';
import { ElasticsearchOutput } from './elasticsearch/elasticsearch-output.ts';
import type { Output, OutputStatus } from './output.ts';
import type { OutputNotes, RemovedOutput } from './output-notes.ts';
import { groupOfOutput, openOutput, type OutputOptions, type OutputParts } from './registry.ts';
import { UpstreamWays } from './upstream/upstream-ways.ts';

export interface OutputsParts extends OutputParts {
  readonly notes: OutputNotes;
}

/** Names, for people. */
export interface OutputChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

interface Running {
  readonly options: OutputOptions;
  readonly output: Output;
  readonly stop: AbortController;
  ended: Promise<void>;
  readonly prepared: Set<ChannelName>;
  /** What it failed with last, while it waits to be started again. */
  trouble: string;
}

export class Outputs implements AsyncDisposable {
  readonly #parts: OutputsParts;
  readonly #ways: UpstreamWays;
  readonly #running = new Map<string, Running>();
  readonly #seen = new Set<ChannelName>();
  /** Groups of the outputs that are being made as the configuration has them: one that is stopped for that is not gone. */
  #wanted: readonly string[] = [];
  /** Back topics that groups without an output still read: what is made for them is kept. */
  #keptBack: ReadonlySet<ChannelName> = new Set();
  readonly #unlisten: () => void;

  private constructor(parts: OutputsParts) {
    this.#parts = parts;
    this.#ways = new UpstreamWays(parts);
    this.#unlisten = parts.queue.onAppended((topic) => this.#appeared(topic));
  }

  /** Rejects with an OutputError when one cannot be as configured; none runs then. */
  static async start(parts: OutputsParts, list: readonly OutputOptions[]): Promise<Outputs> {
    await using unlessAll = new AsyncDisposableStack();
    const outputs = unlessAll.use(new Outputs(parts));
    await outputs.change(list);
    unlessAll.move();
    return outputs;
  }

  /** The groups of those that are configured here, also while one is replaced. */
  get groups(): readonly string[] {
    return [...new Set([...this.#running.keys(), ...this.#wanted])];
  }

  /** Undefined where no archive is configured. */
  get archive(): ArchiveOutput | undefined {
    for (const { output } of this.#running.values()) if (output instanceof ArchiveOutput) return output;
    return undefined;
  }

  /** Those into Elasticsearch, as configured. */
  get elasticsearch(): readonly ElasticsearchOutput[] {
    return [...this.#running.values()].flatMap(({ output }) => (output instanceof ElasticsearchOutput ? [output] : []));
  }

  /** How dead letters of an output go again; undefined where it is not configured here, or keeps none. */
  deadLetterSender(name: string): DeadLetterSender | undefined {
    return [...this.#running.values()].find(({ options }) => options.name === name)?.output.deadLetters;
  }

  /** Those that take platform events without a topic. */
  get dispatchers(): { readonly writer: PlatformWriter; readonly status: OutputStatus }[] {
    return [...this.#running.values()].flatMap(({ output }) => {
      const writer = output.platform;
      return writer === undefined ? [] : [{ writer, status: output.status() }];
    });
  }

  status(): OutputStatus[] {
    return [...this.#running.values()].map(({ output, trouble }) => {
      const status = output.status();
      return trouble === '' ? status : { ...status, state: 'failed', trouble };
    });
  }

  /** As the configuration has them now. One that cannot be opened leaves what ran in its place, and rejects with its OutputError. */
  async change(list: readonly OutputOptions[]): Promise<OutputChanges> {
    const wanted = new Map(list.map((options) => [groupOfOutput(options), options]));
    this.#wanted = [...wanted.keys()];
    try {
      return await this.#changeTo(wanted);
    } finally {
      this.#wanted = [];
    }
  }

  /** Whether an output that is configured here reads a channel, as it came or what is made of it. */
  isRead(channel: ChannelName): boolean {
    return [...this.#running.values()].some(({ output }) => output.reads(channel) !== undefined);
  }

  /** Whether an output that is configured here reads what is made of a channel. */
  readsBack(channel: ChannelName): boolean {
    return [...this.#running.values()].some(({ output }) => output.reads(channel) === 'back');
  }

  /** Looks again for groups whose output is gone. */
  async refresh(): Promise<void> {
    this.keepFor(await this.#parts.notes.removed(this.groups));
  }

  /** The outputs that are gone and are to be kept for. */
  keepFor(removed: readonly RemovedOutput[]): void {
    this.#keptBack = new Set(removed.flatMap(({ channels, reads }) => (reads === 'back' ? channels : [])));
  }

  /**
   * Makes sure that a channel's topics have their readers before anything is published to them. True when anybody reads the back topic:
   * else nothing need be made for it.
   */
  async prepare(channel: ChannelName): Promise<boolean> {
    let isRead = this.#keptBack.has(channel);
    for (const running of this.#running.values()) {
      const reads = running.output.reads(channel);
      if (reads === undefined) continue;
      await this.#prepare(running, channel, 'beginning');
      if (reads === 'back') isRead = true;
    }
    return isRead;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    this.#ways[Symbol.dispose]();
    await Promise.all([...this.#running.keys()].map((group) => this.#stop(group)));
  }

  async #changeTo(wanted: ReadonlyMap<string, OutputOptions>): Promise<OutputChanges> {
    const changes = { added: [] as string[], removed: [] as string[], changed: [] as string[] };
    for (const [group, { options }] of this.#running) {
      if (wanted.has(group)) continue;
      await this.#stop(group);
      changes.removed.push(options.name);
    }
    for (const [group, options] of wanted) {
      const before = this.#running.get(group)?.options;
      if (isDeepStrictEqual(before, options)) continue;
      await this.#replace(group, before, options);
      (before === undefined ? changes.added : changes.changed).push(options.name);
    }
    await this.#parts.notes.tellConfigured(this.groups);
    await this.refresh();
    return changes;
  }

  async #replace(group: string, before: OutputOptions | undefined, options: OutputOptions): Promise<void> {
    if (before !== undefined) await this.#stop(group);
    try {
      await this.#start(group, options);
    } catch (error) {
      if (before !== undefined) await this.#start(group, before);
      throw error;
    }
  }

  async #start(group: string, options: OutputOptions): Promise<void> {
    const output = await openOutput(options, { ...this.#parts, ways: this.#ways });
    const prepared = new Set<ChannelName>();
    await this.#begin(output, options, prepared);
    const stop = new AbortController();
    const running: Running = { options, output, stop, prepared, trouble: '', ended: Promise.resolve() };
    running.ended = this.#supervise(running);
    this.#running.set(group, running);
  }

  /** An output that is new, or chooses other channels than before, begins at its `from`; what comes up later is read whole. */
  async #begin(output: Output, options: OutputOptions, prepared: Set<ChannelName>): Promise<void> {
    const { notes, queue } = this.#parts;
    const isKnown = notes.hasBegun(options);
    const from = !isKnown && options.kind !== 'archive' && options.from === 'now' ? 'end' : 'beginning';
    const channels = channelsOf(queue.topics()).filter((channel) => output.reads(channel) !== undefined);
    await Promise.all(
      channels.map(async (channel) => {
        await output.prepare(channel, from);
        if (output.reads(channel) === 'back') await this.#keepForPipeline(channel);
      }),
    );
    for (const channel of channels) prepared.add(channel);
    if (!isKnown) await notes.begun(options);
  }

  /** Where an output was forgotten, what comes passes the pipeline by: from now on it waits, also before the pipeline has looked. */
  async #keepForPipeline(channel: ChannelName): Promise<void> {
    const topic = frontTopic(channel);
    await this.#parts.queue.ensureGroup({ topic, group: pipelineGroup, policy: { kind: 'blocking' }, from: 'beginning' });
  }

  async #prepare({ output, prepared }: Running, channel: ChannelName, from: GroupRequest['from']): Promise<void> {
    if (prepared.has(channel)) return;
    await output.prepare(channel, from);
    prepared.add(channel);
  }

  #appeared(topic: TopicName): void {
    for (const channel of channelsOf([topic])) {
      if (this.#seen.has(channel)) continue;
      this.#seen.add(channel);
      this.prepare(channel).catch((error: unknown) => {
        this.#seen.delete(channel);
        this.#parts.logger.warn('the outputs cannot be told of a channel; it is tried again', { channel, error });
      });
    }
  }

  #supervise(running: Running): Promise<void> {
    const { clock, logger } = this.#parts;
    const { options, output, stop } = running;
    return supervise(
      (signal) => {
        running.trouble = '';
        return output.run(signal);
      },
      stop.signal,
      {
        clock,
        backoff: { msMin: retryMsMin, msMax: retryMsMax },
        healthyAfterMs: retryMsMax,
        onFailed: (error, retryInMs) => {
          // It is aborted in a moment.
          if (isClosed(error)) return;
          running.trouble = error instanceof Error ? error.message : String(error);
          logger.error('an output failed and will be started again', { output: options.name, error, retryInMs });
        },
      },
    );
  }

  async #stop(group: string): Promise<void> {
    const running = this.#running.get(group);
    if (running === undefined) return;
    this.#running.delete(group);
    running.stop.abort();
    await running.ended;
    await running.output[Symbol.asyncDispose]();
  }
}

function channelsOf(topics: readonly TopicName[]): ChannelName[] {
  const start = frontTopic('');
  return topics.filter((topic) => topic.startsWith(start)).map((topic) => topic.slice(start.length));
}
