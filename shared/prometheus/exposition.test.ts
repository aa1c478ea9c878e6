import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expositionText, histogramSamples } from './exposition.ts';

test('metrics are told in the text format', () => {
  const text = expositionText([
    { name: 'plain_total', type: 'counter', help: 'Plain.', samples: [{ value: 3 }] },
    {
      name: 'odd',
      type: 'gauge',
      help: 'Of a \\ and\na line.',
      samples: [
        { labels: { path: 'C:\\a "b"\n', input: 'x' }, value: 0.5 },
        { labels: { path: '\u00e9' }, value: 1e21 },
      ],
    },
    { name: 'empty', type: 'gauge', help: 'Nothing now.', samples: [] },
  ]);
  assert.equal(
    text,
    [
      '# HELP plain_total Plain.',
      '# TYPE plain_total counter',
      'plain_total 3',
      String.raw`# HELP odd Of a \\ and\na line.`,
      '# TYPE odd gauge',
      String.raw`odd{path="C:\\a \"b\"\n",input="x"} 0.5`,
      'odd{path="\u00e9"} 1e+21',
      '',
    ].join('\n'),
  );
});

test('a histogram tells how many were up to each bound', () => {
  const figures = { bounds: [0.1, 1], counts: [1, 1], sum: 7.6, count: 3 };
  const samples = histogramSamples({ tenant: 'shop' }, figures);
  assert.equal(
    expositionText([{ name: 'seconds', type: 'histogram', help: 'a', samples }]),
    `# HELP seconds a
# TYPE seconds histogram
seconds_bucket{tenant="shop",le="0.1"} 1
seconds_bucket{tenant="shop",le="1"} 2
seconds_bucket{tenant="shop",le="+Inf"} 3
seconds_sum{tenant="shop"} 7.6
seconds_count{tenant="shop"} 3
`,
  );
});
