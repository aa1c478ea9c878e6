import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kv } from './kv.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

function read(options: Parameters<typeof makeStep<typeof kv.options>>[1], text: string): unknown {
  return tryStep(makeStep(kv, options), text).record.fields;
}

test('pairs are read, and what is no pair is passed over', () => {
  assert.deepEqual(read({}, 'login failed user=ada from "here" role="first user" n=\'1\''), {
    user: 'ada',
    role: 'first user',
    n: '1',
  });
});

test('separators, quotes and prefix are what is named', () => {
  assert.deepEqual(read({ pair_separator: ';', value_separator: ': ' }, 'a: 1; b: x y ;c: "p;q: r"'), {
    a: '1',
    b: 'x y',
    c: 'p;q: r',
  });
  assert.deepEqual(read({ pair_separator: '&', prefix: 'query.', fields: { id: 'user.id:int' } }, 'id=7&q=a%20b&&'), {
    user: { id: 7 },
    query: { q: 'a%20b' },
  });
  assert.deepEqual(read({ quotes: '|' }, 'a=|b \\| c| d="e f"'), { a: 'b | c', d: '"e' });
  assert.deepEqual(read({}, '"the name"="the value" a=it"s'), { 'the name': 'the value', a: 'it"s' });
});

test('of a name that comes twice the last value holds', () => {
  assert.deepEqual(read({}, 'a=1 a=2'), { a: '2' });
});

test('text without any pair is refused', () => {
  for (const text of ['', 'no pair', '= =']) assert.throws(() => read({}, text), { type: 'no_match' }, text);
});

test('text with very many signs is gone through once', () => {
  const record = recordOf(`${'x '.repeat(500_000)}${'="'.repeat(5000)}`);
  assert.throws(() => tryStep(makeStep(kv, {}), record), { type: 'no_match' });
  assert.throws(() => read({}, 'a=1 '.repeat(10_001)), { type: 'too_many' });
});
