import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RepeatedResults } from './repeated-results.ts';

function counted(): { readonly results: RepeatedResults<{ readonly of: string }>; readonly made: string[] } {
  const made: string[] = [];
  const results = new RepeatedResults((text) => {
    made.push(text);
    if (text.startsWith('bad')) throw new Error(text);
    return { of: text };
  });
  return { results, made };
}

function repeat(results: RepeatedResults<unknown>, { from, to }: { readonly from: number; readonly to: number }): void {
  for (let number = from; number < to; number += 1) results.of(`name ${number}`);
}

test('what was made of a text is made once', () => {
  const { results, made } = counted();
  assert.equal(results.of('edge_gw1_shop'), results.of('edge_gw1_shop'));
  assert.deepEqual(results.of('edge_gw1_api'), { of: 'edge_gw1_api' });
  assert.deepEqual(made, ['edge_gw1_shop', 'edge_gw1_api']);
});

test('what is thrown is thrown each time', () => {
  const { results } = counted();
  assert.throws(() => results.of('bad name'), /bad name/);
  assert.throws(() => results.of('bad name'), /bad name/);
});

test('long texts are not kept', () => {
  const { results, made } = counted();
  for (let time = 0; time < 3; time += 1) results.of('x'.repeat(257));
  assert.equal(made.length, 3);
});

test('names that change with time are kept all the same', () => {
  const { results, made } = counted();
  for (let first = 0; first < 10_000; first += 500) {
    repeat(results, { from: first, to: first + 500 });
    repeat(results, { from: first, to: first + 500 });
    repeat(results, { from: first, to: first + 500 });
  }
  assert.equal(made.length, 10_000);
});

test('of texts that are never the same none is kept in the end', () => {
  const { results, made } = counted();
  repeat(results, { from: 0, to: 1001 });
  results.of('name 1000');
  results.of('name 1000');
  assert.equal(made.length, 1003);
});
