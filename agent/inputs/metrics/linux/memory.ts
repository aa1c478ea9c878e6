import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import { ratio } from '../ratio.ts';
import type { ProcReader } from './proc-reader.ts';
import { numbersByKey } from './scanner.ts';

const memoryKeys = new Set(['MemTotal', 'MemFree', 'MemAvailable', 'Cached', 'Buffers', 'SwapTotal', 'SwapFree'] as const);
const swapKeys = new Set(['pswpin', 'pswpout'] as const);

/** `system.memory`: `used` counts the page cache, `actual.used` does not. */
export class MemorySet implements MetricSet {
  readonly name = 'memory';
  readonly #reader: ProcReader;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  measure(): readonly Metric[] {
    const kib = numbersByKey(this.#reader.mustRead(this.#reader.proc('meminfo')), memoryKeys);
    const { MemTotal = 0, MemFree = 0, Cached = 0, Buffers = 0, SwapTotal = 0, SwapFree = 0 } = kib;
    // Before Linux 3.14 there was no estimate.
    const available = kib.MemAvailable ?? MemFree + Cached + Buffers;
    const swapped = numbersByKey(this.#reader.read(this.#reader.proc('vmstat')), swapKeys);
    const memory = {
      total: MemTotal * 1024,
      free: MemFree * 1024,
      cached: Cached * 1024,
      used: used(MemTotal, MemFree),
      actual: { free: available * 1024, used: used(MemTotal, available) },
      swap: {
        total: SwapTotal * 1024,
        free: SwapFree * 1024,
        used: used(SwapTotal, SwapFree),
        in: { pages: swapped.pswpin ?? 0 },
        out: { pages: swapped.pswpout ?? 0 },
      },
    };
    return [{ dataset: 'system.memory', metricset: 'memory', fields: { system: { memory } } }];
  }
}

function used(totalKib: number, freeKib: number): { readonly bytes: number; readonly pct: number } {
  return { bytes: Math.max(0, totalKib - freeKib) * 1024, pct: ratio(totalKib - freeKib, totalKib) };
}

/** All the memory of the machine in bytes. */
export function memoryBytesOf(reader: ProcReader): number {
  return (numbersByKey(reader.read(reader.proc('meminfo')), memoryKeys).MemTotal ?? 0) * 1024;
}
