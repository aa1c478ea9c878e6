import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MutableFields } from '../record/fields.ts';
import { set } from './set.ts';
import { makeStep, recordOf, testSource, tryStep } from './testing.ts';

type Options = Parameters<typeof makeStep<typeof set.options>>[1];

function setIn(options: Options, fields: MutableFields = {}): unknown {
  const record = recordOf('the line', { attributes: { ...testSource.attributes, labels: { env: 'test' } } });
  record.replace(fields);
  tryStep(makeStep(set, options), record);
  return record.fields;
}

test('constants are set', () => {
  assert.deepEqual(
    setIn(
      { fields: { 'event.dataset': 'nginx', n: 1, yes: true, nothing: null, list: [1, { a: 'b' }], object: { c: 1 } } },
      { n: 0 },
    ),
    {
      event: { dataset: 'nginx' },
      n: 1,
      yes: true,
      nothing: null,
      list: [1, { a: 'b' }],
      object: { c: 1 },
    },
  );
});

test('each record has constants of its own', () => {
  const step = makeStep(set, { fields: { a: { b: 1 } } });
  const first = tryStep(step, '').record;
  first.set(['a', 'b'], 2);
  assert.deepEqual(tryStep(step, '').record.fields, { a: { b: 1 } });
});

test('texts hold values of fields, and of the record', () => {
  const fields = { url: { domain: 'a.example', path: '/b' }, n: 7, list: ['x'] };
  assert.deepEqual(
    setIn(
      {
        fields: {
          full: 'https://{{ url.domain }}{{url.path}}',
          n: '{{ n }}',
          text: 'n={{ n }} {{ list }}',
          host: '{{ record.host }}/{{ record.labels.env }}',
          message: '> {{ message }}',
          missing: 'a {{ no.such }}',
          brace: 'a } b',
        },
      },
      { ...fields },
    ),
    {
      ...fields,
      full: 'https://a.example/b',
      n: 7,
      text: 'n=7 ["x"]',
      host: 'web-1/test',
      message: '> the line',
      brace: 'a } b',
    },
  );
});

test('values are computed in CEL', () => {
  assert.deepEqual(setIn({ values: { 'event.duration': 'int(fields.ms * 1000000.0)', gone: 'user.name + "x"' } }, { ms: 1.5 }), {
    ms: 1.5,
    event: { duration: 1_500_000 },
  });
  assert.throws(() => setIn({ values: { a: 'fields.ms.contains("x")' } }, { ms: 1 }), { type: 'condition' });
});

test('what is there stays, if it shall', () => {
  assert.deepEqual(setIn({ fields: { a: 'new', b: 'new' }, overwrite: false }, { a: 'old' }), { a: 'old', b: 'new' });
});

test('options are checked', () => {
  assert.throws(() => setIn({ fields: { a: '{{ b' } }), {
    path: ['fields', 'a'],
    message: 'the {{ at character 1 is not closed',
  });
  assert.throws(() => setIn({ fields: { a: '{{ b c..d }}' } }), { path: ['fields', 'a'] });
  assert.throws(() => setIn({ fields: { a: '{{ record.hots }}' } }), { path: ['fields', 'a'] });
  assert.throws(() => setIn({ values: { 'a..b': '1' } }), { path: ['values', 'a..b'] });
  assert.equal(set.options.safeParse({}).success, false);
});
