import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { membersOf } from './json-members.ts';

function found(text: string): (readonly [string, string])[] | undefined {
  const bytes = Buffer.from(text);
  return membersOf(bytes)?.map(({ name, valueStart, end }) => [name, bytes.subarray(valueStart, end).toString()] as const);
}

test('members are found where they are', () => {
  assert.deepEqual(found('{}'), []);
  assert.deepEqual(found('{"a":1,"b":"x,}\\"","c":{"d":[1,{"e":"]}"}]},"f":[],"g":null}'), [
    ['a', '1'],
    ['b', '"x,}\\""'],
    ['c', '{"d":[1,{"e":"]}"}]}'],
    ['f', '[]'],
    ['g', 'null'],
  ]);
  assert.deepEqual(found(' { "a" : -1.5e3 ,\t"b":\r\n true } '), [
    ['a', '-1.5e3'],
    ['b', 'true'],
  ]);
  assert.deepEqual(found('{"grün":"ü"}'), [['grün', '"ü"']]);
});

test('what has to be read as JSON is told', () => {
  for (const text of ['[]', '"a"', '', '{"a":1,"a":2}', '{"\\u0061":1}', '{"a":1']) assert.equal(found(text), undefined, text);
});

test('any object is cut into its members', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const object = fc.dictionary(fc.string(), value, { maxKeys: 6 });
  fc.assert(
    fc.property(object, fc.boolean(), (fields, isSpaced) => {
      const members = found(JSON.stringify(fields, undefined, isSpaced ? 1 : undefined));
      const names = Object.keys(fields);
      if (names.some((name) => JSON.stringify(name) !== `"${name}"`)) return members === undefined;
      return (
        members?.length === names.length &&
        members.every(([name, text]) => JSON.stringify(JSON.parse(text)) === JSON.stringify(fields[name]))
      );
    }),
    { numRuns: 300 },
  );
});
