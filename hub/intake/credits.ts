/**
 * What every connection is granted by the queue, per channel. It is asked for with every batch, and seldom changes: only when it does, all
 * connections are gone through.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Queue } from '../queue/queue.ts';

export class Credits {
  readonly #queue: Pick<Queue, 'creditOf'>;
  /** Of the channels that connections have streams of, as of the last look. */
  readonly #known = new Map<ChannelName, number>();
  /** Since then some connection was told something else. */
  readonly #uneven = new Set<ChannelName>();

  constructor(queue: Pick<Queue, 'creditOf'>) {
    this.#queue = queue;
  }

  /** For one connection, which is told. */
  of(channel: ChannelName): number {
    const bytes = this.#queue.creditOf(channel);
    if (this.#known.getOrInsert(channel, bytes) !== bytes) this.#uneven.add(channel);
    return bytes;
  }

  /** What is to be told to all connections, as it is not what each of them was told last. */
  changed(): ReadonlyMap<ChannelName, number> {
    const changed = new Map<ChannelName, number>();
    for (const [channel, before] of this.#known) {
      const bytes = this.#queue.creditOf(channel);
      if (bytes === before && !this.#uneven.has(channel)) continue;
      this.#known.set(channel, bytes);
      changed.set(channel, bytes);
    }
    this.#uneven.clear();
    return changed;
  }
}
