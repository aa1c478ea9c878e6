import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { matrix } from './matrix.ts';
import { faultsPage } from './page.ts';

test('docs/FAULTS.md tells the faults that are made', () => {
  const page = readFileSync(new URL('../../docs/FAULTS.md', import.meta.url), 'utf8');
  assert.equal(page, faultsPage(matrix), 'npm run --silent faults -- --page > docs/FAULTS.md');
});

test('each fault has a name of its own, and there are 25 at least', () => {
  const names = matrix.flatMap(({ bed, faults }) => [bed, ...faults.map(({ name }) => name)]);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length - matrix.length >= 25);
});
