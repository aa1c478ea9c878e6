/** The threads that make lines of blocks: each call goes to the one with the least to do. */
import { assert } from '@tributary/shared/assert.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { platformType } from '@tributary/protocol/platform/document.ts';
import { LazyThread } from '../../groups/lazy-thread.ts';
import type { Entry } from '../../queue/queue.ts';
import type { BulkContract, LineRules, Lines, MetricSetRules } from './bulk/bulk-contract.ts';
import type { MetricSets } from './metric-sets.ts';

export interface LineMakerParts {
  readonly threads: number;
  readonly rules: LineRules;
  /** Undefined where all metrics have one name. */
  readonly sets: MetricSets | undefined;
  readonly onOtherSets: (tenant: string, documents: number) => void;
}

export class LineMaker implements AsyncDisposable {
  readonly #threads: readonly LazyThread<BulkContract>[];
  readonly #parts: LineMakerParts;

  constructor(worker: WorkerEntry, parts: LineMakerParts) {
    this.#threads = Array.from({ length: parts.threads }, () => new LazyThread<BulkContract>(worker));
    this.#parts = parts;
  }

  /** Another hub may have had this channel: names that depend on what the cluster has are asked for again. */
  takenOver(channel: ChannelName): void {
    const [tenant = '', type] = channel.split('/');
    if (type === platformType) this.#parts.sets?.forget(tenant);
  }

  async lines(channel: ChannelName, entries: readonly Entry[]): Promise<Lines> {
    const { sets, onOtherSets } = this.#parts;
    const [tenant = '', type] = channel.split('/');
    if (type !== platformType || sets === undefined) return await this.#made(channel, entries);
    for (;;) {
      const lines = await this.#made(channel, entries, await sets.rulesOf(tenant));
      // Of those that have no room the next round knows.
      if (!(await sets.admit(tenant, lines.newSets))) continue;
      if (lines.otherSets > 0) onOtherSets(tenant, lines.otherSets);
      return lines;
    }
  }

  async #made(channel: ChannelName, entries: readonly Entry[], metricSets?: MetricSetRules): Promise<Lines> {
    const thread = this.#threads.reduce((best, one) => (one.pending < best.pending ? one : best));
    const { rules } = this.#parts;
    const argument = {
      channel,
      rules,
      metricSets,
      entries: entries.map(({ sequence, inflatedBytes, body, format }) => {
        assert(format === 'block', 'a back topic holds blocks');
        return { sequence, inflatedBytes, body };
      }),
    };
    return await thread.call('lines', argument);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
}
