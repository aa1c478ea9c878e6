/**
 * What agents told of their troubles and of their clocks, of those whose partitions this hub works on: of the others the hub that has their
 * partition reads and tells it. With the partition goes what was told.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { PlatformDocument } from '../measurements/platform-document.ts';
import type { Queue } from '../queue/queue.ts';
import { AgentReports } from './rules/agent-reports.ts';
import { ClockSkew } from './rules/clock-skew.ts';

export interface OwnAgentsParts {
  readonly cluster: Pick<Cluster, 'partitions' | 'onChanged'>;
  readonly queue: Pick<Queue, 'partitionOf'>;
  readonly siteId: Id;
}

export class OwnAgents implements Disposable {
  readonly reports = new AgentReports();
  readonly skew = new ClockSkew();
  readonly #parts: OwnAgentsParts;
  readonly #unlisten: () => void;
  /** A hub that works on nothing, as the store is away or it is about to stop, has handed nothing to anybody yet. */
  #partitions: ReadonlySet<number>;

  constructor(parts: OwnAgentsParts) {
    this.#parts = parts;
    this.#partitions = parts.cluster.partitions();
    this.#unlisten = parts.cluster.onChanged(() => this.#changed());
  }

  /**
   * A reader whose partition has gone ends its step under way: what it tells yet is not ours. Agents of sites below are these sites' own matter, whatever
   * they are called.
   */
  take(document: PlatformDocument): void {
    if (document.siteId !== this.#parts.siteId || !this.isOurs(document.agentId)) return;
    this.reports.take(document);
    this.skew.take(document);
  }

  isOurs(agentId: Id): boolean {
    return this.#partitions.has(this.#parts.queue.partitionOf(agentId));
  }

  [Symbol.dispose](): void {
    this.#unlisten();
  }

  #changed(): void {
    const partitions = this.#parts.cluster.partitions();
    if (partitions.size === 0) return;
    this.#partitions = partitions;
    for (const told of [this.reports, this.skew]) told.keepOnly((agentId) => this.isOurs(agentId));
  }
}
