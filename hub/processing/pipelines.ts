/** Processing as a whole: a pipeline for every front topic that there is or that appears, over shared threads. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Burst } from '../groups/burst.ts';
import { Slots } from '../groups/slots.ts';
import { type RunnersCluster, TopicRunners } from '../groups/topic-runners.ts';
import { frontTopic, pipelineGroup, type Queue } from '../queue/queue.ts';
import type { ProcessReport } from './call-terms.ts';
import { PipelineEvents, type PipelineCounts } from './events.ts';
import { Pipeline } from './pipeline.ts';
import type { Processor } from './pipeline-pool.ts';
import { type PipelineSums, StepBook } from './step-book.ts';

export interface PipelinesOptions {
  readonly queue: Queue;
  readonly cluster: RunnersCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly processor: Processor;
  /** Owner of the leases, the same after a restart. */
  readonly owner: string;
  /** Batches that come in a burst go first. */
  readonly burst: Burst;
  /**
   * Makes sure that the back topic of a channel has its readers before anything is published to it. False: it has none, and the channel
   * needs no pipeline.
   */
  readonly prepare: (channel: ChannelName) => Promise<boolean>;
  /** Its records wait: there is no good version of its pipeline. */
  readonly isHeld?: (channel: ChannelName) => boolean;
  /** Of what was committed just now. */
  readonly onCounted?: (channel: ChannelName, report: ProcessReport) => void;
  /** Batches that are worked on together at most. */
  readonly bundleEntriesMax?: number | undefined;
}

export class Pipelines {
  readonly #events: PipelineEvents;
  readonly #steps = new StepBook();
  readonly #runners: TopicRunners;

  constructor(options: PipelinesOptions) {
    const { queue, cluster, clock, logger, processor, owner, burst, prepare, bundleEntriesMax, isHeld } = options;
    const onCounted = (channel: ChannelName, report: ProcessReport): void => {
      this.#steps.count(report);
      options.onCounted?.(channel, report);
    };
    const events = new PipelineEvents(logger);
    const trials = new Slots(1);
    this.#events = events;
    const parts = { queue, clock, events, processor, owner, burst, trials, prepare, isHeld, onCounted, bundleEntriesMax };
    this.#runners = new TopicRunners({
      queue,
      cluster,
      clock,
      logger,
      prefix: frontTopic(''),
      group: pipelineGroup,
      create: (place) => new Pipeline({ ...parts, place }),
    });
  }

  get counts(): Readonly<PipelineCounts> {
    return this.#events.counts;
  }

  /** Per pipeline and step. */
  get sums(): readonly PipelineSums[] {
    return this.#steps.all;
  }

  /** There are other pipelines: what was held may go on. */
  changed(pipelines: ReadonlySet<string>): void {
    this.#steps.keepOnly(pipelines);
    this.#runners.lookAgain();
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#runners.run(signal);
  }
}
