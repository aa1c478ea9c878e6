import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regex } from './regex.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

test('named groups become fields', () => {
  const step = makeStep(regex, {
    pattern: '^(?<ip>\\S+) (?<status>\\d+)(?: (?<user>\\w*))?',
    fields: { ip: 'source.ip:ip', status: 'http.response.status_code:int' },
  });
  assert.deepEqual(tryStep(step, '192.0.2.1 503').record.fields, {
    source: { ip: '192.0.2.1' },
    http: { response: { status_code: 503 } },
  });
  assert.deepEqual(tryStep(step, '192.0.2.1 503 ada').record.get(['user']), 'ada');
});

test('of several patterns the first that fits holds', () => {
  const step = makeStep(regex, { pattern: ['^a(?<a>\\d)', '^(?<any>.)'] });
  assert.deepEqual(tryStep(step, 'a1').record.fields, { a: '1' });
  assert.deepEqual(tryStep(step, 'b1').record.fields, { any: 'b' });
  assert.throws(() => tryStep(step, ''), { type: 'no_match', message: 'none of the patterns fits' });
});

test('a pattern that would take forever does not', () => {
  const step = makeStep(regex, { pattern: '^(?<all>(a+)+)$' });
  assert.throws(() => tryStep(step, `${'a'.repeat(100_000)}b`), { type: 'no_match' });
});

test('a text that is longer than it may be is not looked at', () => {
  const step = makeStep(regex, { pattern: '(?<all>.*)', max_bytes: '1KiB' });
  assert.equal(tryStep(step, 'é'.repeat(512)).record.get(['all']), 'é'.repeat(512));
  assert.throws(() => tryStep(step, 'é'.repeat(513)), { type: 'too_long', message: 'it has 1026 bytes, and max_bytes is 1KiB' });
  assert.throws(() => tryStep(makeStep(regex, { pattern: 'a(?<b>b)' }), 'ab'.repeat(600_000)), { type: 'too_long' });
});

test('what cannot be converted leaves the record as it was', () => {
  const record = recordOf('x y');
  assert.throws(() => tryStep(makeStep(regex, { pattern: '(?<a>x) (?<b>y)', fields: { b: 'b:int' } }), record), {
    type: 'convert',
    message: 'b is "y", and no whole number up to 2^53',
  });
  assert.deepEqual(record.fields, {});
});

test('options are checked', () => {
  assert.throws(() => makeStep(regex, { pattern: '(?<status>a)', fields: { statu: 'b' } }), {
    path: ['fields', 'statu'],
    message: 'is no group of the pattern; did you mean status?',
  });
  assert.throws(() => makeStep(regex, { pattern: '(a)' }), { path: ['pattern'] });
  assert.match(regex.options.safeParse({ pattern: '(?=a)' }).error?.message ?? '', /look-ahead/);
});
