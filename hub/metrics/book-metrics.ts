/** What the book holds, as Prometheus reads it. */
import { histogramSamples } from '@tributary/shared/prometheus/exposition.ts';
import type { Family, Series } from './metric-book.ts';
import type { OwnedMetric, OwnedSample } from './owned.ts';

/** Of metrics that several tenants have, all in one place, as the format demands. */
export function bookMetrics(families: Iterable<Family>): OwnedMetric[] {
  const byName = Map.groupBy(families, ({ name }) => name);
  return [...byName]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, all]) => {
      const [{ help, kind } = { help: '', kind: 'counter' as const }] = all;
      const samples = all.flatMap((family) => [...family.series.values()].flatMap((series) => samplesOf(family, series)));
      return { name, type: kind, help, samples };
    });
}

function samplesOf({ kind, bounds, tenant }: Family, { labels, sum, count, buckets }: Series): OwnedSample[] {
  if (kind !== 'histogram') return [{ tenant, labels, value: sum }];
  return histogramSamples(labels, { bounds, counts: buckets, sum, count }).map((sample) => ({ ...sample, tenant }));
}
