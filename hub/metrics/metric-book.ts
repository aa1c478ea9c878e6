/**
 * What the `metric` steps of all pipelines counted: sums since the start of this hub, of batches that were committed. A batch that is worked
 * on again, as its hub died or lost its lease before, is counted by who commits it: each document once.
 *
 * Nobody can make it grow without end: a metric has so many series, the book so many metrics.
 */
import type { MetricChange } from '../processing/steps/step.ts';
import { familiesMax, seriesMax } from './limits.ts';

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Of a counter, what a gauge stands at, or the sum of what a histogram observed. */
  sum: number;
  /** How often it was counted or observed. */
  count: number;
  /** Of a histogram: observed up to each bound, not those up to the bounds before it. */
  readonly buckets: number[];
  /** Since it was told last. */
  isChanged: boolean;
}

export interface Family {
  readonly name: string;
  readonly tenant: string;
  readonly kind: MetricChange['kind'] | 'gauge';
  readonly help: string;
  /** Upper bounds, of a histogram. */
  readonly bounds: readonly number[];
  readonly series: Map<string, Series>;
}

export interface MetricBookParts {
  /** A metric cannot be counted: told once of each. */
  readonly refused: (name: string, reason: string) => void;
}

export class MetricBook {
  readonly #parts: MetricBookParts;
  /** By name and tenant. */
  readonly #families = new Map<string, Family>();
  /** What a name stands for, whoever's it is. */
  readonly #forms = new Map<string, string>();
  readonly #refused = new Set<string>();

  constructor(parts: MetricBookParts) {
    this.#parts = parts;
  }

  get families(): Iterable<Family> {
    return this.#families.values();
  }

  /** Of a batch, once it is committed. */
  add(changes: readonly MetricChange[]): void {
    for (const change of changes) {
      const family = this.#familyOf(change);
      if (family !== undefined) addTo(seriesOf(family, change.labels), change, family.bounds);
    }
  }

  /** What the hub itself measures: it stands at this now. */
  set(name: string, { help, labels, value }: Pick<MetricChange, 'help' | 'labels' | 'value'>): void {
    const family = this.#familyOf({ name, kind: 'gauge', help, labels });
    const series = family && seriesOf(family, labels);
    if (series === undefined || (series.sum === value && series.count > 0)) return;
    series.sum = value;
    series.count = 1;
    series.isChanged = true;
  }

  #familyOf({
    name,
    kind,
    help,
    labels,
    buckets = [],
  }: Pick<MetricChange, 'name' | 'help' | 'labels' | 'buckets'> & Pick<Family, 'kind'>): Family | undefined {
    const { tenant = '' } = labels;
    const key = `${tenant} ${name}`;
    const form = `${kind} ${buckets.join(' ')}`;
    if (this.#forms.getOrInsert(name, form) !== form)
      return this.#refuse(name, 'another pipeline has a metric of this name that is of another kind or has other buckets');
    const present = this.#families.get(key);
    if (present !== undefined) return present;
    if (this.#families.size >= familiesMax) return this.#refuse(name, `there are ${familiesMax} metrics already`);
    const made: Family = { name, tenant, kind, help, bounds: buckets, series: new Map() };
    this.#families.set(key, made);
    return made;
  }

  #refuse(name: string, reason: string): undefined {
    if (this.#refused.has(name) || this.#refused.size >= familiesMax) return;
    this.#refused.add(name);
    this.#parts.refused(name, reason);
  }
}

function seriesOf({ series, bounds }: Family, labels: Readonly<Record<string, string>>): Series {
  const key = JSON.stringify(labels);
  const present = series.get(key);
  if (present !== undefined) return present;
  const isOver = series.size >= seriesMax;
  const others = isOver ? otherLabels(labels) : labels;
  const otherKey = isOver ? JSON.stringify(others) : key;
  return series.getOrInsertComputed(otherKey, () => {
    return { labels: others, sum: 0, count: 0, buckets: bounds.map(() => 0), isChanged: false };
  });
}

/** Whose it is stays. */
function otherLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, name === 'tenant' || name === 'type' ? value : 'other']),
  );
}

function addTo(series: Series, { kind, value, observed }: MetricChange, bounds: readonly number[]): void {
  series.sum += value;
  series.count += observed?.times ?? 1;
  series.isChanged = true;
  if (kind === 'counter') return;
  if (observed !== undefined) {
    for (const [at, count] of observed.counts.entries()) series.buckets[at] = (series.buckets[at] ?? 0) + count;
    return;
  }
  const index = bounds.findIndex((bound) => value <= bound);
  if (index >= 0) series.buckets[index] = (series.buckets[index] ?? 0) + 1;
}
