import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countOf, cutAt, includes, rangesOf, united, without } from './row-ranges.ts';

test('ranges of rows are the sets that they stand for', () => {
  const rows = fc.uniqueArray(fc.nat(40)).map((all) => all.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(rows, rows, fc.nat(40), (some, others, row) => {
      const [one, other] = [rangesOf(some), rangesOf(others)];
      const set = new Set(others);
      assert.deepEqual(united(one, other), rangesOf([...new Set([...some, ...others])].toSorted((a, b) => a - b)));
      assert.deepEqual(without(one, other), rangesOf(some.filter((each) => !set.has(each))));
      assert.deepEqual(cutAt(one, row), [
        rangesOf(some.filter((each) => each < row)),
        rangesOf(some.filter((each) => each >= row)),
      ]);
      assert.deepEqual([countOf(one), includes(other, row)], [some.length, set.has(row)]);
    }),
  );
});
