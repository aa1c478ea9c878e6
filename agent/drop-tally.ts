import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Dropped } from './framing/stream-end.ts';
import type { InputEvents } from './inputs/input.ts';

export interface DropTallyOptions {
  readonly clock: Clock;
  readonly events: Pick<InputEvents, 'lost'>;
  readonly pathOf: (streamId: Id) => string;
}

/** While much is dropped, one event in so long tells of it for each source. */
const tellIntervalMs = 5000;

/** Adds up what a full buffer made the agent drop, so that it is told by source and time, and not by run. */
export class DropTally implements Disposable {
  readonly #options: DropTallyOptions;
  readonly #sums = new Map<string, { bytes: number; records: number }>();
  #toldMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DropTallyOptions) {
    this.#options = options;
  }

  add({ streamId, bytes, records }: Pick<Dropped, 'streamId' | 'bytes' | 'records'>): void {
    const sums = this.#sums.getOrInsertComputed(this.#options.pathOf(streamId), () => ({ bytes: 0, records: 0 }));
    sums.bytes += bytes;
    sums.records += records;
    const sinceMs = this.#options.clock.monotonic() - this.#toldMs;
    // The first is told in a moment, with what comes along with it.
    this.#timer ??= setTimeout(() => this.tell(), Math.max(0, Math.min(tellIntervalMs, tellIntervalMs - sinceMs))).unref();
  }

  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#toldMs = this.#options.clock.monotonic();
    for (const [path, { bytes, records }] of this.#sums) {
      this.#options.events.lost({ path, cause: 'buffer-full', bytes, records });
    }
    this.#sums.clear();
  }

  [Symbol.dispose](): void {
    this.tell();
  }
}
