import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MutableFields } from '../record/fields.ts';
import { metric } from './metric.ts';
import type { MetricChange } from './step.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

function counted(options: Parameters<typeof makeStep<typeof metric.options>>[1], fields: MutableFields): readonly MetricChange[] {
  const record = recordOf('');
  record.replace(fields);
  return tryStep(makeStep(metric, options), record).metrics;
}

test('a counter of documents, with labels of fields', () => {
  const options = { name: 'requests_total', labels: { backend: 'haproxy.backend', status: 'http.response.status_code' } };
  assert.deepEqual(counted(options, { http: { response: { status_code: 503 } } }), [
    {
      name: 'requests_total',
      help: 'Counted by a pipeline.',
      kind: 'counter',
      labels: { tenant: 'shop', type: 'app', backend: '', status: '503' },
      value: 1,
    },
  ]);
});

test('a histogram of a field, also where it is a text', () => {
  const options = { name: 'seconds', kind: 'histogram' as const, value: 'time', buckets: [1, 2] };
  assert.partialDeepStrictEqual(counted(options, { time: '1.5' }), [{ kind: 'histogram', value: 1.5, buckets: [1, 2] }]);
  assert.deepEqual(counted(options, {}), []);
  assert.throws(() => counted(options, { time: '-' }), { type: 'no_number' });
  assert.throws(() => counted({ name: 'bytes_total', value: 'n' }, { n: -1 }), /only grows/);
});

test('options that make no metric are told', () => {
  for (const [given, said] of [
    [{ name: '1x' }, /not begin with a digit/],
    [{ name: 'x', kind: 'histogram' }, /needed for a histogram/],
    [{ name: 'x', kind: 'histogram', value: 'a', buckets: [2, 1] }, /ascending/],
    [{ name: 'x', labels: { le: 'a' } }, /meaning of its own/],
    [{ name: 'x', labels: { __a: 'a' } }, /labels/],
    [{ name: 'tributary_hub_x_total' }, /the hub's own/],
  ] as const) {
    assert.match(String(metric.options.safeParse(given).error), said);
  }
});

test('no field crashes it otherwise than with a StepError', () => {
  const step = makeStep(metric, { name: 'x', value: 'v', labels: { l: 'l' } });
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (v, l) => {
      const record = recordOf('');
      record.replace(JSON.parse(JSON.stringify({ v, l })));
      try {
        for (const { labels } of tryStep(step, record).metrics) assert(labels['l']?.isWellFormed() === true);
      } catch (error) {
        assert.equal(Reflect.get(Object(error), 'type'), 'no_number');
      }
    }),
    { numRuns: 300 },
  );
});
