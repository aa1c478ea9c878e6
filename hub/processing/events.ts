/** One function per event of processing: its line in the log and its count. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { TopicName } from '../queue/queue.ts';

/** Sums since the start of the program. */
export interface PipelineCounts {
  batches: number;
  records: number;
  rejected: number;
  /** How often a full back topic made a pipeline wait. */
  waits: number;
  /** How often a thread was ended because a batch held it up. */
  stuck: number;
}

/** A script may name as many types as it likes. */
const unreadToldMax = 1000;

export class PipelineEvents {
  readonly counts: PipelineCounts = { batches: 0, records: 0, rejected: 0, waits: 0, stuck: 0 };
  readonly #logger: Logger;
  readonly #unread = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  committed(batches: number, records: number): void {
    this.counts.batches += batches;
    this.counts.records += records;
  }

  rejected(topic: TopicName, sequence: number, reason: string): void {
    this.counts.rejected += 1;
    this.#logger.error('a batch cannot be processed and was kept as a dead letter', { topic, sequence, reason });
  }

  /** The first time it is tried once more; the second time it is rejected. */
  stuck(topic: TopicName, sequence: number, reason: string): void {
    this.counts.stuck += 1;
    this.#logger.error('a batch held up its thread, which was ended and replaced', { topic, sequence, reason });
  }

  /** Told once of each. */
  stayed(channel: ChannelName, type: string): void {
    const key = `${channel} ${type}`;
    if (this.#unread.has(key) || this.#unread.size >= unreadToldMax) return;
    this.#unread.add(key);
    this.#logger.warn('documents are routed to a log type that no output reads; they stay in their own', { channel, type });
  }

  full(topic: TopicName): void {
    this.counts.waits += 1;
    this.#logger.warn('a back topic is full; its pipeline waits', { topic });
  }

  fenced(topic: TopicName): void {
    this.#logger.warn('another owner has this pipeline now; its work is dropped', { topic });
  }
}
