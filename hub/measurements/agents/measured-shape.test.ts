import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMeasured } from '../fixture.ts';
import { kept } from './kept.ts';
import { measuredOf } from './measured-shape.ts';

const input = {
  name: 'file-1',
  kind: 'file',
  type: 'app',
  state: 'failed',
  error: 'no',
  sources: 1,
  failed: 0,
  lag: 30,
} as const;
const whole = testMeasured({ certificate_ends_ms: 9, inputs: [input], books: { ...testMeasured().books, lost: { full: 3 } } });

function copyOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('what agents tell is taken as it is, without what a newer one tells besides', () => {
  assert.deepEqual(measuredOf(copyOf(whole)), whole);
  const { files: _, certificate_ends_ms: __, ...least } = whole;
  assert.deepEqual(measuredOf(copyOf(least)), least);
  const newer = { ...whole, weather: 'fine', machine: { ...whole.machine, cats: 2 }, inputs: [{ ...input, colour: 'red' }] };
  assert.deepEqual(measuredOf(copyOf(newer)), whole);
});

/** All that stand in it, with what it is with another one in their place. */
function* leavesOf(at: unknown, name = ''): Generator<{ name: string; value: unknown; put: (other: unknown) => unknown }> {
  if (typeof at !== 'object' || at === null) {
    yield { name, value: at, put: (other) => other };
    return;
  }
  for (const [key, value] of Object.entries(at)) {
    for (const leaf of leavesOf(value, key)) {
      const put = (other: unknown): unknown => (Array.isArray(at) ? [leaf.put(other)] : { ...at, [key]: leaf.put(other) });
      yield { ...leaf, put };
    }
  }
}

test('each field of it is of its kind and within its bounds, or all is refused', () => {
  const texts = [7, null, {}, [], true, 'x'.repeat(1001)];
  const figures = ['7', null, {}, [], true, Number.NaN, Number.POSITIVE_INFINITY];
  const optional = new Set(['certificate_ends_ms', 'error']);
  let leaves = 0;
  for (const { name, value, put } of leavesOf(whole)) {
    const wrong = typeof value === 'string' ? texts : [...figures, ...(name === 'unaccounted' ? [] : [-1])];
    const missing = optional.has(name) ? [] : [undefined];
    for (const bad of [...wrong, ...missing]) assert.equal(measuredOf(put(bad)), undefined, `${name}: ${JSON.stringify(bad)}`);
    leaves += 1;
  }
  assert.ok(leaves > 40, `${leaves}`);
  assert.notEqual(measuredOf({ ...whole, books: { ...whole.books, unaccounted: -3 } }), undefined);
});

test('lists are as long as they may be, and parts of it are there', () => {
  const many = Array.from({ length: 101 }, () => input);
  assert.notEqual(measuredOf({ ...whole, inputs: many.slice(1) }), undefined);
  const lost = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`cause ${index}`, 1]));
  const longName = { ['x'.repeat(1001)]: 1 };
  const lists = [{ inputs: many }, { inputs: {} }, { inputs: ['x'] }, { files: {} }, { files: [7] }, { inputs: undefined }];
  const books = [lost, longName, [], 7, undefined].map((one) => ({ books: { ...whole.books, lost: one } }));
  const parts = ['process', 'machine', 'uplink', 'rates', 'buffer', 'books'].map((part) => ({ [part]: undefined }));
  const states = [{ state: 'asleep' }, { inputs: [{ ...input, state: 'asleep' }] }];
  for (const bad of [...lists, ...books, ...parts, ...states]) {
    assert.equal(measuredOf({ ...whole, ...bad }), undefined, JSON.stringify(bad).slice(0, 80));
  }
  for (const bad of [undefined, null, 'x', 7, []]) assert.equal(measuredOf(bad), undefined);
});

test('what is as it was is the very same, and nothing of what was told before is told on', () => {
  const files = whole.files ?? [];
  const next = measuredOf(copyOf({ ...whole, lag: 99 }), whole, files);
  assert.equal(next?.lag, 99);
  assert.equal(next.machine, whole.machine);
  assert.equal(next.uplink, whole.uplink);
  assert.equal(next.inputs, whole.inputs);
  assert.equal(next.files, files);
  const second = { ...input, name: 'file-2' };
  const more = measuredOf(copyOf({ ...whole, inputs: [input, second], uplink: { state: 'away', hub: '' } }), whole, files);
  assert.equal(more?.inputs[0], input);
  assert.deepEqual([more.inputs.length, more.uplink.state], [2, 'away']);
  assert.deepEqual(measuredOf(copyOf(whole), more, files)?.inputs, [input]);
  const { error: _, ...running } = { ...input, state: 'running' as const };
  assert.deepEqual(measuredOf(copyOf({ ...whole, inputs: [running] }), whole, files)?.inputs, [running]);
});

test('kept are objects with the same fields, and no others', () => {
  const before: { readonly a?: number; readonly b?: string } = { a: 1, b: 'x' };
  assert.equal(kept(before, { a: 1, b: 'x' }), before);
  for (const now of [{ a: 1 }, { a: 2, b: 'x' }, {}, { b: 'x' }]) assert.equal(kept(before, now), now);
  const more = { a: 1, b: 'x' };
  assert.equal(kept<typeof before>({ a: 1 }, more), more);
  assert.equal(kept(undefined, more), more);
});
