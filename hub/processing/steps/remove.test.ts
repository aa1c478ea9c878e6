import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remove } from './remove.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

test('fields go, and objects that are empty then', () => {
  const record = recordOf('');
  record.replace({ a: { b: { c: 1 } }, d: 2, e: { f: 3, g: 4 } });
  tryStep(makeStep(remove, { fields: ['a.b.c', 'd', 'e.f', 'no.such'] }), record);
  assert.deepEqual(record.fields, { e: { g: 4 } });
});

test('or everything else goes', () => {
  const record = recordOf('');
  record.replace({ a: { b: 1, c: 2 }, d: 3 });
  tryStep(makeStep(remove, { except: ['a.c', 'no.such'] }), record);
  assert.deepEqual(record.fields, { a: { c: 2 } });
});

test('it is one of the two', () => {
  for (const given of [{}, { fields: ['a'], except: ['b'] }, { fields: [] }])
    assert.equal(remove.options.safeParse(given).success, false, JSON.stringify(given));
});
