import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import { round } from '../ratio.ts';
import { coresOf } from './cpu.ts';
import type { ProcReader } from './proc-reader.ts';

/** `system.load`. */
export class LoadSet implements MetricSet {
  readonly name = 'load';
  readonly #reader: ProcReader;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  measure(): readonly Metric[] {
    const text = this.#reader.mustRead(this.#reader.proc('loadavg')).toString('latin1');
    const cores = coresOf(this.#reader);
    const [one = 0, five = 0, fifteen = 0] = text.split(' ').map((word) => Number.parseFloat(word) || 0);
    const norm = { '1': round(one / cores), '5': round(five / cores), '15': round(fifteen / cores) };
    const load = { cores, '1': one, '5': five, '15': fifteen, norm };
    return [{ dataset: 'system.load', metricset: 'load', fields: { system: { load } } }];
  }
}
