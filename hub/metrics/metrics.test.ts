import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expositionText } from '@tributary/shared/prometheus/exposition.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import type { MetricChange } from '../processing/steps/step.ts';
import { seriesMax, toldMax } from './limits.ts';
import { MetricBook } from './metric-book.ts';
import { MetricEvents } from './metric-events.ts';
import { bookMetrics } from './book-metrics.ts';

const counter: MetricChange = {
  name: 'hits_total',
  kind: 'counter',
  help: 'Hits.',
  labels: { tenant: 'shop', type: 'app' },
  value: 1,
};
const times: MetricChange = { ...counter, name: 'seconds', kind: 'histogram', help: 'a\\b\nc', buckets: [0.1, 1] };

function bookOf(...changes: MetricChange[]): { readonly book: MetricBook; readonly refused: string[] } {
  const refused: string[] = [];
  const book = new MetricBook({ refused: (name) => void refused.push(name) });
  book.add(changes);
  return { book, refused };
}

test('counters add up, and histograms tell how many were up to each bound', () => {
  const bank = { ...counter, labels: { ...counter.labels, tenant: 'bank', path: 'a"\\\n' } };
  const { book } = bookOf(counter, ...[0.1, 0.5, 7].map((value) => ({ ...times, value })), { ...counter, value: 2.5 }, bank);
  assert.equal(
    expositionText(bookMetrics(book.families)),
    String.raw`# HELP hits_total Hits.
# TYPE hits_total counter
hits_total{tenant="shop",type="app"} 3.5
hits_total{tenant="bank",type="app",path="a\"\\\n"} 1
# HELP seconds a\\b\nc
# TYPE seconds histogram
seconds_bucket{tenant="shop",type="app",le="0.1"} 1
seconds_bucket{tenant="shop",type="app",le="1"} 2
seconds_bucket{tenant="shop",type="app",le="+Inf"} 3
seconds_sum{tenant="shop",type="app"} 7.6
seconds_count{tenant="shop",type="app"} 3
`,
  );
});

test('further series of a metric are counted together, and those that there are go on', () => {
  const of = (path: number): MetricChange => ({ ...counter, labels: { ...counter.labels, path: `/${path}` } });
  const { book } = bookOf(...Array.from({ length: seriesMax + 5 }, (_, index) => of(index)), of(1));
  const [family] = book.families;
  const series = [...(family?.series.values() ?? [])];
  assert.equal(series.length, seriesMax + 1);
  assert.partialDeepStrictEqual(series.at(-1), { sum: 5, labels: { tenant: 'shop', type: 'app', path: 'other' } });
  assert.equal(series[1]?.sum, 2);
});

test('a metric of another kind or with other buckets is told once, and not counted', () => {
  const { book, refused } = bookOf(counter, { ...times, name: 'hits_total' }, { ...times, name: 'hits_total' }, times, {
    ...times,
    buckets: [5],
  });
  assert.deepEqual(refused, ['hits_total', 'seconds']);
  assert.equal([...book.families].length, 2);
});

test('what changed is told, once, and again where it could not be stored', async () => {
  const { book } = bookOf(counter, times);
  const published: string[][] = [];
  let answer: 'stored' | 'full' = 'full';
  const stream = { publish: (documents: readonly string[]) => Promise.resolve((published.push([...documents]), answer)) };
  const teller = { host: 'h', agentId: undefined, version: '1', labels: {}, site: 's' };
  const events = new MetricEvents({ book, stream, teller, clock: systemClock });
  await events.tell();
  answer = 'stored';
  await events.tell();
  await events.tell();
  book.add([counter]);
  await events.tell();
  assert.deepEqual(
    published.map((documents) => documents.length),
    [2, 2, 1],
  );
  const [first, second] = published[1] ?? [];
  assert.partialDeepStrictEqual(JSON.parse(first ?? ''), {
    event: { kind: 'metric', dataset: 'tributary.pipeline_metric' },
    tributary: { site: 's', metric: { name: 'hits_total', kind: 'counter', labels: counter.labels, value: 1 } },
  });
  assert.partialDeepStrictEqual(JSON.parse(second ?? ''), {
    tributary: { metric: { bounds: [0.1, 1], counts: [0, 1], count: 1, sum: 1 } },
  });
});

test('of very many that changed so many are told at a time, and all in the end', async () => {
  const many = Array.from({ length: toldMax + 10 }, (_, index) => ({
    ...counter,
    name: `m${index % 2}`,
    labels: { path: `${index}` },
  }));
  const { book } = bookOf(...many);
  const counts: number[] = [];
  const stream = {
    publish: (documents: readonly string[]) => Promise.resolve((counts.push(documents.length), 'stored' as const)),
  };
  const teller = { host: 'h', agentId: undefined, version: '1', labels: {}, site: 's' };
  const events = new MetricEvents({ book, stream, teller, clock: systemClock });
  await events.tell();
  await events.tell();
  assert.deepEqual(counts, [toldMax, 10]);
});
