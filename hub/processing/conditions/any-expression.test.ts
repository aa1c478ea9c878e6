/** Whatever people write, an expression is refused with a sentence, or gives an answer or a StepError of any record. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FieldValue, MutableFields } from '../record/fields.ts';
import { StepError, StepOptionError } from '../steps/step.ts';
import { recordOf } from '../steps/testing.ts';
import { compileExpressions } from './compile-conditions.ts';

const { condition, expression } = compileExpressions({
  n: 'long',
  x: 'double',
  list: 'keyword[]',
  flag: 'boolean',
  when: 'date',
});

const tokens = [
  'n x list flag when message tags fields.a fields record.host record http _0 e "a" 1 2.5 0x1f 3u true null b"c" r"\\d" 1e9',
  'has( size( int( string( timestamp( type( dyn( .matches("a+") .matches( .contains("a") .size() == != < >= + - * / % && || ! ? :',
  '. [ ] ( ) { } , // "',
].flatMap((line) => line.split(' '));
const loops = [' in ', ' ', '\n', '.exists(e, ', '.all(e, ', '.map(e, ', '.filter(e, ', 'cel.bind(e, '];
const wholes = [
  'n > 1; x / n > 0.5; "a" in list; list.exists(e, e == message); has(fields.a); fields.a == n; when < timestamp(n); flag',
  'tags[n] == "a"; fields.a.size() > 1; message.matches("a+$"); int(message) == n; fields.a.b; n % 2 == 0',
].flatMap((line) => line.split('; '));

const text = fc.oneof(
  fc.array(fc.constantFrom(...tokens, ...loops), { maxLength: 15 }).map((parts) => parts.join('')),
  fc
    .array(fc.constantFrom(...wholes), { minLength: 1, maxLength: 4 })
    .chain((parts) => fc.constantFrom(' && ', ' || ', ' == ').map((sign) => `!(${parts.join(`)${sign}(`)})`)),
);

const value = fc.oneof(
  fc.constantFrom<FieldValue>(0, 1, -1, 1.5, 1e300, '', 'a', '7', 'true', true, null),
  fc.constantFrom<FieldValue>(
    ['a'],
    [],
    [1, 'a', null],
    {},
    { b: true },
    { constructor: 1, toString: 2 },
    '2026-11-21T12:00:00Z',
  ),
);
const fields = fc.dictionary(fc.constantFrom('n', 'x', 'list', 'flag', 'when', 'a', 'tags', 'message'), value, {
  noNullPrototype: true,
});

test('an expression is refused with a sentence, or answers', () => {
  fc.assert(
    fc.property(text, fields, (written, given: MutableFields) => {
      const record = recordOf('the line');
      record.replace(given);
      const before = JSON.stringify(given);
      for (const make of [() => condition(written).holds(record), () => expression(written).valueOf(record)]) {
        try {
          make();
        } catch (error) {
          assert.ok(error instanceof StepOptionError || error instanceof StepError, `${written}: ${String(error)}`);
          assert.ok(error.message.length < 3000);
        }
      }
      assert.equal(JSON.stringify(record.fields), before);
    }),
    { numRuns: 300 },
  );
});
