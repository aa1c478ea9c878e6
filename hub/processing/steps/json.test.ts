import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from './json.ts';
import { StepError } from './step.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

test('members of the object become fields, and the record stays the JSON that it was', () => {
  const { record } = tryStep(makeStep(json, {}), '{"level":"warn","http":{"response":{"status_code":503}}}\r\n');
  assert.deepEqual(record.fields, { level: 'warn', http: { response: { status_code: 503 } } });
  assert.equal(record.isRawJson, true);
  record.set(['level'], 'error');
  assert.equal(record.isRawJson, false);
});

test('it reads a field and writes into one', () => {
  const record = recordOf('anything');
  record.set(['payload'], '{"a":1}');
  tryStep(makeStep(json, { from: 'payload', to: 'app.data' }), record);
  assert.deepEqual(record.fields, { payload: '{"a":1}', app: { data: { a: 1 } } });
});

test('what is not a JSON object is refused, and the record stays as it was', () => {
  for (const text of ['', '{"a":', '[1]', '"text"', 'null', '{"a":1} x']) {
    const record = recordOf(text);
    assert.throws(() => tryStep(makeStep(json, {}), record), StepError);
    assert.deepEqual(record.fields, {});
  }
  assert.throws(() => tryStep(makeStep(json, { from: 'no.such' }), '{}'), { type: 'no_field' });
});

test('values that stand too deep within each other for who reads them next are refused', () => {
  const deep = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  assert.throws(() => tryStep(makeStep(json, {}), deep(100_000)), { type: 'too_deep' });
  assert.equal(tryStep(makeStep(json, {}), deep(400)).record.isRawJson, true);
  const brackets = `{"a":"${'['.repeat(2000)}"}`;
  assert.deepEqual(tryStep(makeStep(json, {}), brackets).record.fields, { a: '['.repeat(2000) });
});

test('a member called __proto__ is a member', () => {
  const { record } = tryStep(makeStep(json, {}), '{"__proto__":{"polluted":1}}');
  assert.deepEqual(Object.keys(record.fields), ['__proto__']);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('names with dots become objects where that is wanted, and none is lost', () => {
  const step = makeStep(json, { expand_dots: true });
  const fieldsOf = (text: string): unknown => tryStep(step, text).record.fields;
  assert.deepEqual(fieldsOf('{"@timestamp":1,"log.level":"warn","ecs.version":"9","log":{"logger":"a"},"list":[{"b.c":1}]}'), {
    '@timestamp': 1,
    log: { level: 'warn', logger: 'a' },
    ecs: { version: '9' },
    list: [{ b: { c: 1 } }],
  });
  for (const text of ['{"a":5,"a.b":1}', '{"a.b":1,"a":5}']) assert.deepEqual(fieldsOf(text), { a: 5, 'a.b': 1 });
  assert.deepEqual(fieldsOf('{"a.b":1,"a.b.c":2}'), { a: { b: 1 }, 'a.b.c': 2 });
  assert.deepEqual(fieldsOf('{"a.b":{"c":1},"a":{"b":{"d":2}}}'), { a: { b: { c: 1, d: 2 } } });
  for (const name of ['.a', 'a..b', 'a.', 'a.__proto__.b', `${'x.'.repeat(200)}y`])
    assert.deepEqual(fieldsOf(`{"${name}":1}`), { [name]: 1 });
  assert.equal(Reflect.get({}, 'b'), undefined);
  const { record } = tryStep(step, '{"a":1,"b":"x.y"}');
  assert.equal(record.isRawJson, true, 'nothing was expanded');
  assert.equal(tryStep(step, '{"a.b":1}').record.isRawJson, false);
  const deep = `{"${'a.'.repeat(18)}a":`.repeat(40) + '1' + '}'.repeat(40);
  assert.throws(() => tryStep(step, deep), { type: 'too_deep' });
  assert.deepEqual(tryStep(makeStep(json, {}), '{"a.b":1}').record.fields, { 'a.b': 1 });
});
