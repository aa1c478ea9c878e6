import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import { growth, ratio, round } from '../ratio.ts';
import type { ProcReader } from './proc-reader.ts';
import { Scanner } from './scanner.ts';

/** In the order of /proc/stat. */
const states = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
const cpu = Buffer.from('cpu');
const aggregate = Buffer.from('cpu ');

interface Ticks {
  readonly values: readonly number[];
  readonly cores: number;
}

/** `system.cpu`: shares of the time since the last look. `pct` is of one core, `norm.pct` of all. */
export class CpuSet implements MetricSet {
  readonly name = 'cpu';
  readonly #reader: ProcReader;
  #before: Ticks | undefined;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  measure(): readonly Metric[] {
    const before = this.#before;
    const now = ticksOf(this.#reader.mustRead(this.#reader.proc('stat')));
    this.#before = now;
    if (before === undefined) return [];
    const { cores } = now;
    const grown = states.map((_, index) => growth(now.values[index] ?? 0, before.values[index] ?? 0));
    const all = grown.reduce((sum, ticks) => sum + ticks, 0);
    if (all === 0) return [];
    const fields: Record<string, unknown> = { cores };
    for (const [index, state] of states.entries()) {
      fields[state] = { ...shares(grown[index] ?? 0, all, cores), ticks: now.values[index] };
    }
    const busy = shares(all - (grown[states.indexOf('idle')] ?? 0) - (grown[states.indexOf('iowait')] ?? 0), all, cores);
    const host = { cpu: { usage: busy.norm.pct } };
    return [{ dataset: 'system.cpu', metricset: 'cpu', fields: { host, system: { cpu: { ...fields, total: busy } } } }];
  }
}

function shares(part: number, all: number, cores: number): { readonly pct: number; readonly norm: { readonly pct: number } } {
  const share = Math.min(1, Math.max(0, part / all));
  return { pct: round(share * cores), norm: { pct: ratio(part, all) } };
}

function ticksOf(bytes: Buffer): Ticks {
  const scanner = new Scanner(bytes);
  let values: readonly number[] = [];
  let cores = 0;
  while (scanner.line()) {
    if (scanner.takes(aggregate)) values = states.map(() => scanner.number());
    else if (scanner.takes(cpu)) cores += 1;
    else break;
  }
  return { values, cores: Math.max(1, cores) };
}

/** How many processors are on line; at least one. */
export function coresOf(reader: ProcReader): number {
  const bytes = reader.read(reader.proc('stat'));
  return bytes === undefined ? 1 : ticksOf(bytes).cores;
}
