/** A few faults of the matrix (docs/FAULTS.md), in one bed: `npm run faults` makes all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultRow } from '../faults/fault.ts';
import { shortForm } from '../faults/matrix.ts';

const skip = await shortForm.cannot();

test('faults have their colour, their reason and nothing else', { skip, timeout: 600_000 }, async () => {
  const rows: FaultRow[] = [];
  await shortForm.run(new Set(shortForm.faults.map(({ name }) => name)), (row) => rows.push(row));
  assert.equal(rows.length, shortForm.faults.length);
  assert.deepEqual(
    rows.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
    [],
  );
});
