/**
 * Whatever a record holds, a step takes it or throws a StepError and leaves it as it was; and nothing that a record names reaches the
 * prototypes of the program.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FieldValue, type MutableFields, putField } from '../record/fields.ts';
import { convert } from './convert.ts';
import { csv } from './csv.ts';
import { grok } from './grok/grok.ts';
import { kv } from './kv.ts';
import { logfmt } from './logfmt.ts';
import { regex } from './regex.ts';
import { remove } from './remove.ts';
import { rename } from './rename.ts';
import { set } from './set.ts';
import { split } from './split.ts';
import { type Step, StepError } from './step.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

const steps: Readonly<Record<string, readonly Step[]>> = {
  logfmt: [makeStep(logfmt, {}), makeStep(logfmt, { to: 'a', fields: { a: 'b.c:int' } })],
  kv: [
    makeStep(kv, {}),
    makeStep(kv, { pair_separator: '&', value_separator: ':', prefix: '__proto__.', fields: { a: 'b:bool' } }),
  ],
  csv: [makeStep(csv, { columns: ['a', 'b:int', null], ragged: true }), makeStep(csv, { columns: ['a', 'b'], separator: '=' })],
  regex: [
    makeStep(regex, { pattern: '(?<a>\\w+)=(?<b>.*)', fields: { b: 'a.b:float' } }),
    makeStep(regex, { pattern: ['(?<a>a+)+$', '(?<constructor>.)'] }),
  ],
  grok: [
    makeStep(grok, { match: ['%{COMBINEDAPACHELOG}', '%{SYSLOGLINE}', '%{WORD:a.b}=%{DATA:a:ip}$', '%{GREEDYDATA:message}'] }),
  ],
  convert: [makeStep(convert, { fields: { a: 'int', b: 'bool', 'a.b': 'string', 'c.d': 'ip', e: 'float' } })],
  rename: [makeStep(rename, { fields: { a: 'b.c', b: 'a', 'c.d': 'e' } })],
  remove: [makeStep(remove, { fields: ['a', 'b.c'] }), makeStep(remove, { except: ['a.b', 'constructor'] })],
  set: [
    makeStep(set, {
      fields: { 'a.b': '{{ b }} {{ c.d }}', x: '{{ a }}' },
      values: { e: 'fields.a.size()', f: 'message + fields.b' },
    }),
  ],
  split: [
    makeStep(split, { array: 'a', merge: true }),
    makeStep(split, { array: 'a.b', to: 'c.d' }),
    makeStep(split, { separator: 'a' }),
  ],
};

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'message', '__proto__', 'constructor', 'a.b');
const { value } = fc.letrec<{ value: FieldValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string(),
    fc.constantFrom<FieldValue>(0, -0, 1.5, 1e300, true, false, null, '1', 'true', '::1'),
    fc.array(tie('value'), { maxLength: 4 }),
    objectOf(tie('value')),
  ),
}));
const fields = objectOf(value);
const piece = fc.oneof(
  fc.constantFrom('a', '=', '"', "'", '\\', ' ', '&', ':', ',', '.', '__proto__', 'constructor', '\n', '[', '%{', '1'),
  fc.string(),
);
const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));

function objectOf(inner: fc.Arbitrary<FieldValue>): fc.Arbitrary<MutableFields> {
  return fc.array(fc.tuple(name, inner), { maxLength: 5 }).map((entries) => {
    const made: MutableFields = {};
    for (const [key, one] of entries) putField(made, key, one);
    return made;
  });
}

for (const [kind, all] of Object.entries(steps))
  test(`no input is too much for ${kind}`, () => {
    fc.assert(
      fc.property(text, fields, (line, given) => {
        for (const step of all) {
          const record = recordOf(line);
          record.replace(structuredClone(given));
          const before = JSON.stringify(record.fields);
          try {
            tryStep(step, record);
          } catch (error) {
            assert.ok(error instanceof StepError, String(error));
            assert.equal(JSON.stringify(record.fields), before);
          }
          assert.deepEqual(Object.keys(Object.prototype), []);
          assert.equal(record.rawText, line.replace(/\r?\n$/, ''));
        }
      }),
      { numRuns: 300 },
    );
  });

test('JSON that is nested very deep is no stack that overflows', () => {
  const deep: FieldValue = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  const given: [Step, string | undefined][] = [
    // V8 writes JSON of any depth.
    [makeStep(convert, { fields: { a: 'string' } }), undefined],
    [makeStep(set, { fields: { b: 'is {{ a }}' } }), undefined],
    [makeStep(convert, { fields: { a: 'int' } }), 'convert'],
    [makeStep(set, { fields: { b: '{{ a }}' } }), 'too_deep'],
    [makeStep(set, { values: { b: 'fields.a' } }), 'condition'],
    [makeStep(set, { values: { b: 'fields.a == fields.a[0]' } }), 'condition'],
    [makeStep(split, { array: 'list' }), 'too_deep'],
  ];
  for (const [step, type] of given) {
    const record = recordOf('');
    record.replace({ a: deep, list: [1, 2] });
    if (type === undefined) tryStep(step, record);
    else assert.throws(() => tryStep(step, record), { name: 'StepError', type });
  }
});
