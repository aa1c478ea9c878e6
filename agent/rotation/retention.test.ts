import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueReason } from './due.ts';
import { excess, type KeepRules } from './retention.ts';

const files = [5, 3, 1, 4, 2].map((age) => ({ path: `${age}`, stampMs: 1000 - age * 100, bytes: age * 10 }));
const gone = (keep: KeepRules): string[] => excess(files, keep, 1000).map(({ file, reason }) => `${file.path} ${reason}`);

test('the oldest go first, by whichever limit is reached first', () => {
  assert.deepEqual(gone({}), []);
  assert.deepEqual(gone({ count: 3 }), ['5 count', '4 count']);
  assert.deepEqual(gone({ count: 0 }), ['5 count', '4 count', '3 count', '2 count', '1 count']);
  assert.deepEqual(gone({ bytes: 60 }), ['5 bytes', '4 bytes']);
  assert.deepEqual(gone({ bytes: 59 }), ['5 bytes', '4 bytes', '3 bytes']);
  assert.deepEqual(gone({ age: 300 }), ['5 age', '4 age']);
  assert.deepEqual(gone({ count: 4, bytes: 60 }), ['5 bytes', '4 bytes']);
});

test('a file is due by size or age, an empty one never', () => {
  const group = { max_size: 100, max_age: 1000 };
  assert.equal(dueReason({ bytes: 100, begunMs: 0 }, group, 10), 'size');
  assert.equal(dueReason({ bytes: 99, begunMs: 0 }, group, 1000), 'age');
  assert.equal(dueReason({ bytes: 99, begunMs: 1 }, group, 1000), undefined);
  assert.equal(dueReason({ bytes: 0, begunMs: 0 }, group, 5000), undefined);
  assert.equal(dueReason({ bytes: 1e9, begunMs: 0 }, {}, 1e12), undefined);
});
