import type { Metric } from '../../platform/document.ts';

/** Measures one thing each time it is asked; what is a rate needs two times, so the first time may give nothing. */
export interface MetricSet {
  readonly name: string;
  /** Throws when the machine does not tell it at all: the others go on, and it is asked again. */
  measure(at: Moment): readonly Metric[] | Promise<readonly Metric[]>;
}

export interface Moment {
  /** Of a clock that never goes back, for rates. */
  readonly monotonicMs: number;
  /** Wall-clock time, for points in time only. */
  readonly nowMs: number;
}
