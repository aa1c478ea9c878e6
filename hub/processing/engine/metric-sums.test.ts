import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expositionText } from '@tributary/shared/prometheus/exposition.ts';
import { MetricBook } from '../../metrics/metric-book.ts';
import { bookMetrics } from '../../metrics/book-metrics.ts';
import type { MetricChange } from '../steps/step.ts';
import { addMetric } from './metric-sums.ts';

const buckets = [0.1, 1];
const labels = { tenant: 'shop', type: 'app' };
const seconds = (value: number, more: Partial<MetricChange> = {}): MetricChange => {
  return { name: 'seconds', help: 'h', kind: 'histogram', buckets, labels, value, ...more };
};

test('what is counted under the same labels leaves the thread as one, and means the same as one by one', () => {
  const hits: MetricChange = { name: 'hits', help: 'h', kind: 'counter', labels, value: 2 };
  const other = { labels: { ...labels, path: '/a' } };
  const changes = [0.05, 0.1, 0.5, 1, 8].flatMap((value) => [seconds(value), hits, seconds(value, other)]);
  const sums = new Map<string, MetricChange>();
  for (const change of [...changes, seconds(9, { ...other, labels: { ...labels, path: '/b' } })]) addMetric(sums, change);
  assert.equal(sums.size, 4);
  assert.deepEqual([...sums.values()][0]?.observed, { times: 5, counts: [2, 2] });
  const text = (all: readonly MetricChange[]): string => {
    const book = new MetricBook({ refused: (name) => assert.fail(name) });
    book.add(all);
    return expositionText(bookMetrics(book.families));
  };
  assert.equal(text([...sums.values()]), text([...changes, seconds(9, { labels: { ...labels, path: '/b' } })]));
});

test('steps with other buckets are not added together', () => {
  const sums = new Map<string, MetricChange>();
  for (const change of [seconds(1), seconds(1, { buckets: [5] }), seconds(1)]) addMetric(sums, change);
  assert.deepEqual(
    [...sums.values()].map(({ value }) => value),
    [2, 1],
  );
});
