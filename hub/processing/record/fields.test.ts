import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldAt, type MutableFields, mergeFields, setField } from './fields.ts';

/** What every object inherits, and a document may name its fields. */
const inherited = ['constructor', 'toString', 'hasOwnProperty', '__proto__', '__defineGetter__', 'valueOf'];

test('what an object inherits is no field of it', () => {
  for (const name of inherited) {
    assert.equal(fieldAt({}, [name]), undefined, name);
    assert.equal(fieldAt({ a: {} }, ['a', name, 'name']), undefined, name);
  }
});

test('a field may have the name of what an object inherits', () => {
  for (const name of inherited) {
    const fields: MutableFields = JSON.parse(`{"${name}":{"a":1}}`);
    assert.deepEqual(fieldAt(fields, [name, 'a']), 1, name);
    mergeFields(fields, JSON.parse(`{"${name}":{"b":2}}`));
    assert.equal(JSON.stringify(fields), `{"${name}":{"a":1,"b":2}}`);
  }
  const fields: MutableFields = {};
  setField(fields, ['constructor', 'name'], 'x');
  mergeFields(fields, JSON.parse('{"toString":{"b":2},"__proto__":{"c":3}}'));
  assert.equal(JSON.stringify(fields), '{"constructor":{"name":"x"},"toString":{"b":2},"__proto__":{"c":3}}');
  assert.equal(Object.getPrototypeOf(fields), Object.prototype);
});
