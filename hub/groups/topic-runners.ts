/**
 * Runners for the topics of a kind in the partitions that this hub works on: one per topic and partition in which something waits for
 * the group. A runner is made when entries come or are found, started again with growing waits when it breaks, and forgotten when it
 * ends by itself because nothing came for a while: what is at rest costs neither a lease nor a timer. One that fails or stands still
 * stops no other.
 *
 * Entries that another hub has stored are told (onAppended). The whole queue is looked through when partitions were gained, when an operator
 * has moved groups, and now and then.
 */
import { supervise } from '@tributary/shared/async/supervise.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { type Cluster, groupsMoved } from '../cluster/cluster.ts';
import { isClosed } from '../queue/queue-error.ts';
import type { Queue, TopicName } from '../queue/queue.ts';
import { lookIntervalMs, retryMsMax, retryMsMin } from './limits.ts';
import { Wake } from './wake.ts';
import { waitingPlaces } from './waiting-places.ts';

export interface TopicRunner {
  /**
   * Resolves when aborted or when nothing came for `runnerIdleMs`, rejects when broken. Called again after it rejected, and after it
   * resolved when `isWoken`.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Entries came to the topic. */
  wake(): void;
  /** It was woken and has not looked yet. */
  readonly isWoken: boolean;
}

/** Who works where, and what is announced. */
export type RunnersCluster = Pick<Cluster, 'partitions' | 'onChanged' | 'onAnnounced'>;

export interface TopicRunnersOptions<Runner extends TopicRunner> {
  readonly queue: Pick<Queue, 'onAppended' | 'status'>;
  readonly cluster: RunnersCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `front/` or `back/`. */
  readonly prefix: string;
  /** The reader group whose cursor they move. */
  readonly group: string;
  /** All channels without it. */
  readonly isChosen?: (channel: ChannelName) => boolean;
  readonly create: (place: TopicPlace) => Runner;
}

export interface TopicPlace {
  readonly topic: TopicName;
  readonly partition: number;
  readonly channel: ChannelName;
}

interface Started<Runner> {
  readonly place: TopicPlace;
  readonly runner: Runner;
  readonly stop: AbortController;
  /** The partition became another hub's: it ends its step under way. */
  isStopping: boolean;
}

export class TopicRunners<Runner extends TopicRunner = TopicRunner> {
  readonly #options: TopicRunnersOptions<Runner>;
  readonly #started = new Map<string, Started<Runner>>();
  readonly #running = new Set<Promise<void>>();
  readonly #look = new Wake();
  #signal = AbortSignal.abort();

  constructor(options: TopicRunnersOptions<Runner>) {
    this.#options = options;
  }

  /** Resolves when aborted and every runner has ended its step under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { queue, cluster, clock, logger } = this.#options;
    this.#signal = signal;
    const removeListeners = [
      queue.onAppended((topic, partition) => this.#appended(topic, partition)),
      cluster.onChanged(() => this.#partitionsChanged()),
      cluster.onAnnounced((message) => message === groupsMoved && this.#look.notify()),
    ];
    const stopAll = (): void => this.#stopWhere(() => true);
    signal.addEventListener('abort', stopAll, { once: true });
    this.#look.notify();
    try {
      let nextLookMs = lookIntervalMs;
      while (!signal.aborted) {
        await this.#look.wait(clock, signal, nextLookMs);
        if (signal.aborted) break;
        nextLookMs = await this.#lookForWork().then(
          () => lookIntervalMs,
          (error: unknown) => this.#lookFailed(logger, error),
        );
      }
    } finally {
      for (const remove of removeListeners) remove();
      await Promise.all(this.#running);
    }
  }

  /** Something changed that lets runners go on: all that have entries waiting are woken. */
  lookAgain(): void {
    this.#look.notify();
  }

  /** Those of a channel that have something to do: one per partition, or that of one partition. */
  runnersOf(channel: ChannelName, partition?: number): readonly Runner[] {
    const topic = `${this.#options.prefix}${channel}`;
    const isMeant = ({ place }: Started<Runner>): boolean =>
      place.topic === topic && (partition === undefined || place.partition === partition);
    return [...this.#started.values()].filter(isMeant).map(({ runner }) => runner);
  }

  #appended(topic: TopicName, partition: number): void {
    const { prefix, cluster } = this.#options;
    if (!topic.startsWith(prefix) || this.#signal.aborted || !cluster.partitions().has(partition)) return;
    const place = { topic, partition, channel: topic.slice(prefix.length) };
    if (this.#options.isChosen?.(place.channel) === false) return;
    const name = `${topic}#${partition}`;
    const started = this.#started.get(name) ?? this.#start(name, place);
    started.runner.wake();
  }

  #partitionsChanged(): void {
    const own = this.#options.cluster.partitions();
    this.#stopWhere(({ place }) => !own.has(place.partition));
    this.#look.notify();
  }

  #stopWhere(isConcerned: (started: Started<Runner>) => boolean): void {
    for (const started of this.#started.values()) {
      if (started.isStopping || !isConcerned(started)) continue;
      started.isStopping = true;
      started.stop.abort();
    }
  }

  async #lookForWork(): Promise<void> {
    const { queue, prefix, group } = this.#options;
    for (const { topic, partition } of waitingPlaces(await queue.status(), { prefix, group })) this.#appended(topic, partition);
  }

  /** How soon it is tried again. */
  #lookFailed(logger: Logger, error: unknown): number {
    logger.debug('the queue could not be looked through for entries that wait', { error, retryInMs: retryMsMax });
    return retryMsMax;
  }

  #start(name: string, place: TopicPlace): Started<Runner> {
    const started = { place, runner: this.#options.create(place), stop: new AbortController(), isStopping: false };
    this.#started.set(name, started);
    const running = this.#keepRunning(name, started).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return started;
  }

  async #keepRunning(name: string, { runner, stop, place }: Started<Runner>): Promise<void> {
    do await this.#supervise(name, runner, stop.signal);
    while (runner.isWoken && !stop.signal.aborted);
    this.#started.delete(name);
    // The partition may have gone and come back while the last step ended; what was told meanwhile went to a runner that was ending.
    if (stop.signal.aborted) this.#appended(place.topic, place.partition);
  }

  #supervise(name: string, runner: Runner, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    return supervise((inner) => runner.run(inner), signal, {
      clock,
      backoff: { msMin: retryMsMin, msMax: retryMsMax },
      healthyAfterMs: retryMsMax,
      onFailed: (error, retryInMs) => {
        // It is aborted in a moment.
        if (isClosed(error)) return;
        logger.error('a reader of a topic failed and will be started again', { topic: name, error, retryInMs });
      },
    });
  }
}
