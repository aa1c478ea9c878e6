/**
 * The hub's own reader of all platform channels in the partitions that it works on. Whoever wants to know how agents are subscribes here; in a cluster each
 * document comes to one hub.
 */
import { isPlatformChannel } from '@tributary/protocol/platform/document.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { type RunnersCluster, TopicRunners } from '../groups/topic-runners.ts';
import type { Queue } from '../queue/queue.ts';
import type { PlatformDocument } from './platform-document.ts';
import { measurementsGroup, PlatformTopicReader } from './platform-topic-reader.ts';

export interface PlatformReaderParts {
  readonly queue: Queue;
  readonly cluster: RunnersCluster;
  readonly hubId: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export type PlatformListener = (document: PlatformDocument) => void;

export class PlatformReader {
  readonly #parts: PlatformReaderParts;
  readonly #listeners = new Set<PlatformListener>();

  constructor(parts: PlatformReaderParts) {
    this.#parts = parts;
  }

  /** Called in turn, and never waited for: what takes long is put aside. Returns its own removal. */
  onPlatformDocument(listener: PlatformListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, cluster, hubId: owner, clock, logger } = this.#parts;
    const runners = new TopicRunners({
      queue,
      cluster,
      clock,
      logger,
      prefix: 'front/',
      group: measurementsGroup,
      isChosen: isPlatformChannel,
      create: (place) => new PlatformTopicReader({ queue, clock, owner, place, onDocument: (document) => this.#tell(document) }),
    });
    await runners.run(signal);
  }

  #tell(document: PlatformDocument): void {
    for (const listener of this.#listeners) {
      try {
        listener(document);
      } catch (error) {
        this.#parts.logger.error('a platform document could not be worked on', { agentId: document.agentId, error });
      }
    }
  }
}
