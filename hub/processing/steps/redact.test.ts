import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { presetNames } from '@tributary/shared/redaction/presets.ts';
import type { FieldValue, MutableFields } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { redact } from './redact.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

function recordWith(fields: MutableFields): PipelineRecord {
  const record = recordOf('the line');
  record.replace(fields);
  return record;
}

function mutable(fields: unknown): MutableFields {
  return JSON.parse(JSON.stringify(fields));
}

test('all texts of the document, however deep, and nothing else', () => {
  const step = makeStep(redact, { presets: ['email', 'card'] });
  const fields = { message: 'from a@example.org', http: { tags: ['x', '4111111111111111'], code: 200 }, ok: true, no: null };
  const { record } = tryStep(step, recordWith(fields));
  assert.deepEqual(record.fields, {
    message: `from ${'*'.repeat(13)}`,
    http: { tags: ['x', '*'.repeat(16)], code: 200 },
    ok: true,
    no: null,
  });
  assert.equal(record.rawText, 'the line');
});

test('named fields: what is found in them, or without anything to find, all of them', () => {
  const given = (): PipelineRecord =>
    recordWith({ user: { name: 'anna', id: 4711 }, note: 'a@example.org', other: 'a@example.org' });
  const masked = tryStep(makeStep(redact, { fields: ['user.name', 'user.id', 'none.such'], text: '[hidden]' }), given());
  assert.deepEqual(masked.record.fields['user'], { name: '[hidden]', id: '[hidden]' });
  const found = tryStep(makeStep(redact, { fields: ['note', 'user.id'], presets: ['email'] }), given());
  assert.partialDeepStrictEqual(found.record.fields, { note: '*'.repeat(13), other: 'a@example.org', user: { id: 4711 } });
});

test('the line, which is the message of a document without one, is not left with what was hidden', () => {
  const step = makeStep(redact, { presets: ['email'] });
  const stars = '*'.repeat(13);
  assert.deepEqual(tryStep(step, 'from a@example.org\n').record.fields, { message: `from ${stars}` });
  assert.deepEqual(tryStep(step, 'from nobody').record.fields, {});
  const json = recordOf('{"from":"a@example.org"}');
  json.replaceByRawJson({ from: 'a@example.org' });
  tryStep(step, json);
  assert.deepEqual(json.fields, { from: stars, message: `{"from":"${stars}"}` });
  assert.equal(json.isRawJson, false);
  assert.equal(json.rawText, '{"from":"a@example.org"}');
  const named = makeStep(redact, { presets: ['email'], fields: ['message'] });
  assert.deepEqual(tryStep(named, 'from a@example.org').record.fields, { message: `from ${stars}` });
  assert.deepEqual(tryStep(makeStep(redact, { presets: ['email'], fields: ['user'] }), 'a@example.org').record.fields, {});
});

test('of several documents of one record only the first has the line', () => {
  const step = makeStep(redact, { presets: ['email'] });
  const first = recordOf('a@example.org b@example.org');
  const second = first.sibling({ to: 'b@example.org' });
  second.ordinal = 1;
  tryStep(step, second);
  assert.deepEqual(second.fields, { to: '*'.repeat(13) });
});

test('a hash is the same for the same text, and another one with another key', () => {
  const hashOf = (key: string): FieldValue | undefined =>
    tryStep(makeStep(redact, { fields: ['user'], action: 'hash', key }), recordWith({ user: 'anna' })).record.fields['user'];
  assert.equal(hashOf('one'), createHmac('sha256', 'one').update('anna').digest('hex'));
  assert.notEqual(hashOf('one'), hashOf('two'));
});

test('a record in which nothing is found stays the JSON that it was', () => {
  const record = recordOf('{"a":["b",{"c":1}]}');
  record.replaceByRawJson({ a: ['b', { c: 1 }] });
  tryStep(makeStep(redact, { presets: [...presetNames] }), record);
  assert.equal(record.isRawJson, true);
});

test('scope raw does nothing to the document, and says what the intake is to do', () => {
  const step = makeStep(redact, { scope: 'raw', presets: ['card'], patterns: ['x+'], action: 'hash', key: 'k' });
  const { record } = tryStep(step, recordWith({ message: '4111111111111111 xx' }));
  assert.deepEqual(record.fields, { message: '4111111111111111 xx' });
  assert.deepEqual(step.redactRaw, { presets: ['card'], patterns: ['x+'], action: 'hash', key: 'k' });
});

test('options that do not go together are told', () => {
  for (const [given, said] of [
    [{}, /needed/],
    [{ scope: 'raw', fields: ['a'], presets: ['card'] }, /no fields yet/],
    [{ scope: 'raw', text: 'x', presets: ['card'] }, /keeps its length/],
    [{ presets: ['card'], key: 'k' }, /action: hash/],
    [{ patterns: ['(?=a)'] }, /look-ahead/],
  ] as const) {
    assert.match(redact.options.safeParse(given).error?.message ?? '', said);
  }
});

test('no document crashes it, and names stay', () => {
  const step = makeStep(redact, { presets: [...presetNames], patterns: ['[a-m]'] });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
      const record = recordOf('');
      record.replaceByRawJson(mutable(fields));
      tryStep(step, record);
      assert.deepEqual(Object.keys(record.fields), Object.keys(fields));
    }),
    { numRuns: 200 },
  );
});
