import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpareMemory } from './spare-memory.ts';

/** Looks once for each of these amounts of work since the look before; tells at which looks memory was given back. */
function looks(work: readonly number[]): number[] {
  let bytes = 0;
  let look = 0;
  const given: number[] = [];
  const spare = new SpareMemory({ workBytes: () => bytes, giveBack: () => given.push(look) });
  for (const [index, more] of work.entries()) {
    look = index + 1;
    bytes += more;
    spare.look();
  }
  return given;
}

const burst = 64 * 1024 * 1024;

test('memory of the start is given back once it is quiet, and only once', () => {
  assert.deepEqual(looks([5000, 0, 0, 0, 0, 100, 0, 0]), [3]);
});

test('memory of a burst is given back after it, not while it lasts or pauses', () => {
  assert.deepEqual(looks([burst, burst, 0, 0, burst, 0, 0, 0, 0, 0]), [8]);
});

test('each burst counts, a little work does not', () => {
  assert.deepEqual(looks([0, 0, 0, burst, 0, 0, 0, 70_000, 0, 0, 0, burst, 10, 10, 10]), [3, 7, 15]);
});

test('many a little makes a burst', () => {
  assert.deepEqual(looks([0, 0, 0, ...Array.from({ length: 200 }, () => 60_000)]).length, 2);
});
