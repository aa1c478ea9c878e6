import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MutableFields } from '../record/fields.ts';
import { PipelineRecord } from '../record/record.ts';
import { split } from './split.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

type Options = Parameters<typeof makeStep<typeof split.options>>[1];

function parts(options: Options, fields: MutableFields, text = ''): unknown[] | undefined {
  const record = recordOf(text);
  record.replace(fields);
  const { result } = tryStep(makeStep(split, options), record);
  if (!Array.isArray(result)) return undefined;
  return result.map((one: unknown) => (one instanceof PipelineRecord ? one.fields : one));
}

test('members of a list are documents, with all other fields', () => {
  const fields = { a: 1, in: { list: ['x', { b: 2 }], other: true } };
  assert.deepEqual(parts({ array: 'in.list' }, structuredClone(fields)), [
    { a: 1, in: { other: true, list: 'x' } },
    { a: 1, in: { other: true, list: { b: 2 } } },
  ]);
  assert.deepEqual(parts({ array: 'in.list', to: 'item', merge: true }, structuredClone(fields)), [
    { a: 1, in: { other: true }, item: 'x' },
    { a: 1, in: { other: true }, b: 2 },
  ]);
});

test('parts of a text are documents', () => {
  assert.deepEqual(parts({ separator: ';' }, { a: 1 }, 'x; y;;'), [
    { a: 1, message: 'x' },
    { a: 1, message: 'y' },
  ]);
  assert.deepEqual(parts({ separator: '|', from: 'b', to: 'c.d' }, { b: '1|2' }), [{ c: { d: '1' } }, { c: { d: '2' } }]);
});

test('documents share nothing that can be changed', () => {
  const record = recordOf('');
  record.replace({ common: { a: 1 }, list: [1, 2] });
  const { result } = tryStep(makeStep(split, { array: 'list' }), record);
  assert.ok(Array.isArray(result));
  const [first, second] = result;
  assert.ok(first instanceof PipelineRecord && second instanceof PipelineRecord);
  first.set(['common', 'a'], 2);
  assert.deepEqual(second.fields, { common: { a: 1 }, list: 2 });
});

test('where there is nothing to split the record goes on', () => {
  assert.equal(parts({ array: 'list' }, {}), undefined);
  assert.equal(parts({ array: 'list' }, { list: [] }), undefined);
  assert.equal(parts({ separator: ';' }, {}, ' ; '), undefined);
  assert.throws(() => parts({ array: 'list' }, { list: 1 }), { type: 'no_list' });
});

test('there is an end to it', () => {
  assert.throws(() => parts({ array: 'list' }, { list: Array.from({ length: 10_001 }, () => 1) }), { type: 'too_many' });
  assert.throws(() => parts({ separator: ';' }, {}, ';'.repeat(100_001)), { type: 'too_many' });
  const common = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`f${index}`, index]));
  assert.throws(() => parts({ array: 'list' }, { ...common, list: Array.from({ length: 1001 }, () => 1) }), { type: 'too_many' });
  const long = 'x'.repeat(100_000);
  assert.throws(() => parts({ array: 'list' }, { long, list: Array.from({ length: 1000 }, () => 1) }), { type: 'too_large' });
});
