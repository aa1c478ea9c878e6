import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldValue } from '../record/fields.ts';
import { convert } from './convert.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';
import type { ValueTypeName } from './value-types.ts';

function converted(value: FieldValue, type: ValueTypeName): FieldValue | undefined {
  const record = recordOf('');
  record.set(['a', 'b'], value);
  try {
    tryStep(makeStep(convert, { fields: { 'a.b': type } }), record);
  } catch (error) {
    assert.equal(Reflect.get(Object(error), 'type'), 'convert');
    assert.deepEqual(record.fields, { a: { b: value } });
    return undefined;
  }
  return record.get(['a', 'b']);
}

test('values get their type, or are refused', () => {
  const cases: [FieldValue, ValueTypeName, FieldValue | undefined][] = [
    ['42', 'int', 42],
    ['-7', 'long', -7],
    ['-0', 'int', 0],
    [42, 'int', 42],
    ['4.2', 'int', undefined],
    [4.2, 'int', undefined],
    ['0x10', 'int', undefined],
    ['', 'int', undefined],
    [' 1', 'int', undefined],
    ['9007199254740993', 'int', undefined],
    [true, 'int', undefined],
    ['4.25', 'float', 4.25],
    ['.5', 'float', 0.5],
    ['-1e3', 'double', -1000],
    ['1e999', 'float', undefined],
    ['NaN', 'float', undefined],
    ['yes', 'bool', true],
    ['OFF', 'boolean', false],
    [0, 'bool', false],
    ['maybe', 'bool', undefined],
    [12, 'string', '12'],
    [{ a: [1] }, 'keyword', '{"a":[1]}'],
    ['2001:DB8::1', 'ip', '2001:db8::1'],
    ['[::1]', 'ip', '::1'],
    ['192.0.2.1', 'ip', '192.0.2.1'],
    ['192.0.2.256', 'ip', undefined],
    ['fe80::1%eth0', 'ip', undefined],
    [['1', 2], 'int', [1, 2]],
    [['1', 'x'], 'int', undefined],
    [[['1']], 'int', undefined],
  ];
  for (const [value, type, expected] of cases)
    assert.deepEqual(converted(value, type), expected, `${JSON.stringify(value)} ${type}`);
});

test('a field that is not there is left out, and a mistake changes none', () => {
  const record = recordOf('');
  record.set(['good'], '1');
  record.set(['bad'], 'x');
  assert.throws(() => tryStep(makeStep(convert, { fields: { good: 'int', none: 'int', bad: 'int' } }), record), {
    message: 'bad is "x", and no whole number up to 2^53',
  });
  assert.deepEqual(record.fields, { good: '1', bad: 'x' });
  assert.throws(() => makeStep(convert, { fields: { 'a..b': 'int' } }), { path: ['fields', 'a..b'] });
});
