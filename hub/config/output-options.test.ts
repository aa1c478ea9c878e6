import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outputs } from './output-options.ts';

const first = { kind: 'upstream', name: 'a' };

/** What is said against a list; empty: nothing. */
function against(...list: readonly object[]): string {
  const { error } = outputs.safeParse(list);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') ?? '';
}

test('a standby stands in for another upstream with the same channels, which is none itself', () => {
  const standby = { kind: 'upstream', name: 'b', standby_for: 'a' };
  assert.equal(against(first, standby), '');
  assert.equal(against({ ...first, types: ['app'] }, { ...standby, types: ['app'], after: '30s' }), '');
  assert.match(against(standby), /^0\.standby_for: no other upstream output is called a$/);
  assert.match(against({ kind: 'archive', name: 'a' }, standby), /no other upstream output is called a/);
  assert.match(against({ ...standby, standby_for: 'b' }), /no other upstream output is called b/);
  assert.match(against({ ...first, standby_for: 'b' }, standby), /b is a standby itself/);
  assert.match(against(first, standby, { ...standby, name: 'c' }), /^2\.standby_for: a has a standby already$/);
  assert.match(against({ ...first, types: ['app'] }, standby), /must have the tenants, types and labels of a/);
  assert.match(against(first, { ...standby, from: 'now' }), /goes on where a ends: leave out from/);
});
