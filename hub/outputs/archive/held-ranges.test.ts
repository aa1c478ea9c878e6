import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeldRanges, isIn } from './held-ranges.ts';

const key = { siteId: 'a', agentId: 'b', streamId: 'c' };

test('ranges tell exactly the positions that were added, in whatever order', () => {
  const segment = fc.tuple(fc.nat(40), fc.nat(10)).map(([from, length]) => ({ key, from, to: from + length }));
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 12 }), (segments) => {
      const held = new HeldRanges();
      for (const one of segments) held.add(one);
      const again = new HeldRanges(structuredClone(held.streams()));
      for (let position = 0; position < 60; position += 1) {
        const expected = segments.some(({ from, to }) => from <= position && position < to);
        assert.equal(isIn(again.of(key), position), expected);
      }
      const ranges = held.of(key);
      assert.ok(ranges.every(([from], index) => index === 0 || from > (ranges[index - 1]?.[1] ?? 0)));
      assert.equal(held.isEmpty, ranges.length === 0);
    }),
  );
});
