/**
 * One runner per topic of a kind and partition, started when the topic appears, restarted with growing waits when it breaks. A
 * runner that fails or stands still stops no other.
 */
import { supervise } from '@tributary/shared/async/supervise.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Queue, TopicName } from '../queue/queue.ts';
import { retryMsMax, retryMsMin } from './limits.ts';

export interface TopicRunner {
  /** Resolves when aborted, rejects when broken. Called again after it rejected. */
  run(signal: AbortSignal): Promise<void>;
  /** Entries came to the topic. */
  wake(): void;
}

export interface TopicRunnersOptions<Runner extends TopicRunner> {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `front/` or `back/`. */
  readonly prefix: string;
  readonly create: (place: TopicPlace) => Runner;
}

export interface TopicPlace {
  readonly topic: TopicName;
  readonly partition: number;
  readonly channel: ChannelName;
}

export class TopicRunners<Runner extends TopicRunner = TopicRunner> {
  readonly #options: TopicRunnersOptions<Runner>;
  readonly #runners = new Map<string, Runner>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: TopicRunnersOptions<Runner>) {
    this.#options = options;
  }

  /** Resolves when aborted and every runner has ended its step under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { queue } = this.#options;
    const remove = queue.onAppended((topic, partition) => this.#appended({ topic, partition }, signal));
    try {
      for (const topic of queue.topics()) {
        for (let partition = 0; partition < queue.partitions; partition += 1) this.#appended({ topic, partition }, signal);
      }
      await aborted(signal);
    } finally {
      remove();
      await Promise.all(this.#running);
    }
  }

  /** The runners of a channel: one per partition. */
  runnersOf(channel: ChannelName): readonly Runner[] {
    const start = `${this.#options.prefix}${channel}#`;
    return [...this.#runners].filter(([name]) => name.startsWith(start)).map(([, runner]) => runner);
  }

  #appended(place: { readonly topic: TopicName; readonly partition: number }, signal: AbortSignal): void {
    const { prefix, create } = this.#options;
    if (!place.topic.startsWith(prefix) || signal.aborted) return;
    const name = `${place.topic}#${place.partition}`;
    let runner = this.#runners.get(name);
    if (runner === undefined) {
      runner = create({ ...place, channel: place.topic.slice(prefix.length) });
      this.#runners.set(name, runner);
      const running = this.#supervise(name, runner, signal).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
    runner.wake();
  }

  #supervise(name: string, runner: Runner, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    return supervise((inner) => runner.run(inner), signal, {
      clock,
      backoff: { msMin: retryMsMin, msMax: retryMsMax },
      healthyAfterMs: retryMsMax,
      onFailed: (error, retryInMs) => {
        logger.error('a reader of a topic failed and will be started again', { topic: name, error, retryInMs });
      },
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
