import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayRepeatNames } from './repeated-names.ts';

function answer(text: string): boolean {
  JSON.parse(text);
  return mayRepeatNames(Buffer.from(text));
}

test('a name that comes twice in one object is seen, however deep', () => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"x":{"a":1,"b":[],"a" : 2}}',
    '{"x":[{"a":1},{"b":1,"c":{"d":{}},"b":1}]}',
    '[[{"é":1,"é":2}]]',
  ]) {
    assert.equal(answer(text), true, text);
  }
});

test('the same name in several objects, or in a text, is none', () => {
  for (const text of [
    '{"a":{"a":{"a":1}},"b":{"a":1},"c":["a","a",{"a":1},{"a":1}]}',
    '{"a":"\\"a\\":1,\\"a\\":2","b":"\\\\","c":":"}',
    '{}',
    '7',
  ]) {
    assert.equal(answer(text), false, text);
  }
});

test('names in other letters, and too many of them, may be the same', () => {
  assert.equal(answer('{"a":1,"\\u0061":2}'), true);
  const many = Array.from({ length: 300 }, (_, index) => [`n${index}`, 1]);
  assert.equal(answer(JSON.stringify(Object.fromEntries(many))), true);
});
