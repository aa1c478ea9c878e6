/**
 * What senders make a listener lose, summed: a thousand connections a second that end within a message are one event a second, not
 * a thousand lines in the log. The first is told at once.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { InputEvents } from '../input.ts';
import { lossTellMs } from './limits.ts';

type Loss = Parameters<InputEvents['lost']>[0];

export class LossTally implements AsyncDisposable {
  readonly #events: Pick<InputEvents, 'lost'>;
  readonly #clock: Clock;
  readonly #sums = new Map<string, Loss>();
  readonly #stopping = new AbortController();
  #telling: Promise<void> | undefined;

  constructor(events: Pick<InputEvents, 'lost'>, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  add(loss: Loss): void {
    const key = `${loss.cause} ${loss.path}`;
    const before = this.#sums.get(key);
    const bytes = loss.bytes + (before?.bytes ?? 0);
    const records = (loss.records ?? 0) + (before?.records ?? 0);
    this.#sums.set(key, { ...loss, bytes, records });
    if (this.#telling !== undefined && !this.#stopping.signal.aborted) return;
    this.#tell();
    this.#telling ??= this.#tellForAWhile();
  }

  /** Nothing more comes: the rest is told. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#telling;
    this.#tell();
  }

  /** Ends when nothing came for a while, so that no timer is drawn for nothing. */
  async #tellForAWhile(): Promise<void> {
    const { signal } = this.#stopping;
    do {
      await this.#clock.sleep(lossTellMs, signal).catch(() => undefined);
    } while (!signal.aborted && this.#tell());
    this.#telling = undefined;
  }

  /** True when there was something. */
  #tell(): boolean {
    const losses = [...this.#sums.values()];
    this.#sums.clear();
    for (const loss of losses) this.#events.lost(loss);
    return losses.length > 0;
  }
}
