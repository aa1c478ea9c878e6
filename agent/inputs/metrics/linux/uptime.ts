import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import type { ProcReader } from './proc-reader.ts';

/** `system.uptime`. */
export class UptimeSet implements MetricSet {
  readonly name = 'uptime';
  readonly #reader: ProcReader;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  measure(): readonly Metric[] {
    const seconds = uptimeSecondsOf(this.#reader);
    const fields = {
      host: { uptime: Math.floor(seconds) },
      system: { uptime: { duration: { ms: Math.round(seconds * 1000) } } },
    };
    return [{ dataset: 'system.uptime', metricset: 'uptime', fields }];
  }
}

/** Since the machine started; throws when it cannot be told. */
export function uptimeSecondsOf(reader: ProcReader): number {
  const seconds = Number.parseFloat(reader.mustRead(reader.proc('uptime')).toString('latin1'));
  if (Number.isNaN(seconds)) throw new Error('/proc/uptime is no number');
  return seconds;
}
