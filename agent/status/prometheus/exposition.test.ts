import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expositionText } from './exposition.ts';
import { parseLoopback } from './loopback-address.ts';

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

test('metrics are served on this machine only', () => {
  assert.deepEqual(parseLoopback('127.0.0.1:9701'), { host: '127.0.0.1', port: 9701 });
  assert.deepEqual(parseLoopback('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(parseLoopback('localhost:9701'), { host: 'localhost', port: 9701 });
  for (const text of ['0.0.0.0:9701', '192.0.2.1:9701', '127.0.0.1', ':9701', '[::]:9701', '127.0.0.256:1', '127.0.0.1:70000']) {
    assert.equal(parseLoopback(text), undefined, text);
  }
});
