/**
 * How late the main thread comes to its timers. Node's own measure keeps percentiles since its last reset, which two who scrape would take
 * from each other, and wakes the process fifty times a second; this one adds up, and four times are enough to see what lasts.
 */
import type { HistogramFigures } from '@tributary/shared/prometheus/exposition.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { Histogram } from '@tributary/shared/prometheus/histogram.ts';
import { lagBoundsSeconds, lagLookMs } from './limits.ts';

export class LoopLag {
  readonly #clock: Clock;
  readonly #lag = new Histogram(lagBoundsSeconds);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get figures(): HistogramFigures {
    return this.#lag.figures;
  }

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMs = this.#clock.monotonic();
      await this.#clock.sleep(lagLookMs, signal).catch(() => undefined);
      if (!signal.aborted) this.#lag.observe(Math.max(0, this.#clock.monotonic() - startedMs - lagLookMs) / 1000);
    }
  }
}
