/** What the `metric` steps of a batch count, added up before it leaves the thread. */
import type { MetricChange, Observed } from '../steps/step.ts';

/** Changes of the same labels become one. */
export function addMetric(sums: Map<string, MetricChange>, change: MetricChange): void {
  const { kind, name, labels, buckets } = change;
  const series = JSON.stringify([kind, name, labels]);
  const before = sums.get(series);
  if (before === undefined) sums.set(series, change);
  // Of another step, which has other bounds.
  else if (before.buckets !== buckets) sums.set(`${series} ${sums.size}`, change);
  else sums.set(series, kind === 'counter' ? { ...before, value: before.value + change.value } : summed(before, change));
}

function summed(before: MetricChange, { value }: MetricChange): MetricChange {
  const { buckets = [] } = before;
  const observed = before.observed ?? withOne({ times: 0, counts: buckets.map(() => 0) }, before.value, buckets);
  return { ...before, value: before.value + value, observed: withOne(observed, value, buckets) };
}

/** One more observation: of the first bound that it does not go beyond. */
function withOne({ times, counts }: Observed, value: number, buckets: readonly number[]): Observed {
  const index = buckets.findIndex((bound) => value <= bound);
  return { times: times + 1, counts: counts.map((count, at) => (at === index ? count + 1 : count)) };
}
