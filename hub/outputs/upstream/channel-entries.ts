/** The entries of one channel in the order of their ids, as a session asks for them. Those that are gone are swept out now and then. */
import type { KnownEntry } from './known-entry.ts';

const sweepAt = 256;

export class ChannelEntries {
  #entries: KnownEntry[] = [];
  /** All before it are done or gone. */
  #firstUndone = 0;
  #gone = 0;

  get isEmpty(): boolean {
    return this.#entries.length === this.#gone;
  }

  add(entry: KnownEntry): void {
    this.#entries.push(entry);
  }

  /** One that is offered no more. */
  removed(): void {
    this.#gone += 1;
    if (this.#gone < sweepAt || this.#gone * 2 < this.#entries.length) return;
    this.#entries = this.#entries.filter(({ isGone }) => !isGone);
    this.#gone = 0;
    this.#firstUndone = 0;
  }

  next(afterId: number): KnownEntry | undefined {
    for (let index = indexAfter(this.#entries, afterId); index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry?.isGone === false) return entry;
    }
    return undefined;
  }

  firstUndone(): KnownEntry | undefined {
    for (; this.#firstUndone < this.#entries.length; this.#firstUndone += 1) {
      const entry = this.#entries[this.#firstUndone];
      if (entry !== undefined && !entry.isDone && !entry.isGone) return entry;
    }
    return undefined;
  }
}

function indexAfter(entries: readonly KnownEntry[], id: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && entry.batch.id > id) high = middle;
    else low = middle + 1;
  }
  return low;
}
