import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { listPage, newestFirst } from './list-page.ts';

/** Item by item, while `change` is asked what the list is before each answer. */
function walked(lists: readonly (readonly string[])[], limit: number): string[] {
  const seen: string[] = [];
  let after: string | undefined;
  for (let turn = 0; ; turn += 1) {
    const { page, next } = listPage(lists[Math.min(turn, lists.length - 1)] ?? [], { limit, after }, (item) => item);
    seen.push(...page);
    after = next.next;
    if (after === undefined) return seen;
  }
}

test('what is there all the time comes exactly once, whatever comes and goes meanwhile', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 15 });
  fc.assert(
    fc.property(
      names,
      fc.array(names, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 5 }),
      (stays, others, limit) => {
        const lists = others.map((other) => [...new Set([...other, ...stays])]);
        const seen = walked(lists, limit);
        assert.equal(new Set(seen).size, seen.length, 'twice');
        for (const name of stays) assert.ok(seen.includes(name), name);
      },
    ),
  );
});

test('all of it comes unless a limit is told, and the last part has no next', () => {
  const names = ['c', 'a', 'b'];
  assert.deepEqual(
    listPage(names, {}, (name) => name),
    { page: ['a', 'b', 'c'], next: {} },
  );
  assert.deepEqual(listPage(names, { limit: 3 }, (name) => name).next, {});
  assert.deepEqual(
    listPage([], { limit: 3, after: 'YQ' }, (name: string) => name),
    { page: [], next: {} },
  );
  assert.deepEqual(
    [3, 20, 1_795_356_388_987].toSorted((one, other) => (newestFirst(one) < newestFirst(other) ? -1 : 1)),
    [1_795_356_388_987, 20, 3],
  );
});

test('each millisecond has a key of its own', () => {
  const keys = Array.from({ length: 100 }, (_, ms) => newestFirst(1_795_356_388_000 + ms));
  assert.deepEqual(keys, [...new Set(keys)].toSorted().toReversed());
});
