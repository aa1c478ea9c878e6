import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingBetween } from './journal-places.ts';
import { entriesBetween, formatToken, parseToken } from './journal-token.ts';

test('a token is a position and a cursor', () => {
  const token = { position: 12, cursor: 's=a;i=1f;b=b' };
  assert.deepEqual(parseToken(formatToken(token)), token);
  assert.deepEqual(parseToken(formatToken({ position: 0, cursor: '' })), { position: 0, cursor: '' });
  for (const wrong of ['', 'x', '-1 s=a', '99999999999999999 s=a', '1']) assert.equal(parseToken(wrong), undefined);
});

test('cursors of one sequence tell how many entries lie between them', () => {
  assert.equal(entriesBetween('s=a;i=1;b=b', 's=a;i=2;b=b'), 0);
  assert.equal(entriesBetween('s=a;i=f;b=b', 's=a;i=20;b=c'), 16);
  assert.equal(entriesBetween('s=a;i=2;b=b', 's=a;i=2;b=b'), undefined);
  assert.equal(entriesBetween('s=a;i=1;b=b', 's=c;i=9;b=b'), undefined);
  assert.equal(entriesBetween('nonsense', 's=a;i=2'), undefined);
});

test('what is missing is nothing, a number, or unknown', () => {
  assert.deepEqual(missingBetween('s=a;i=1', 's=a;i=1'), { kind: 'nothing' });
  assert.deepEqual(missingBetween('s=a;i=1', 's=a;i=2'), { kind: 'nothing' });
  assert.deepEqual(missingBetween('s=a;i=1', 's=a;i=b'), { kind: 'vacuumed', entries: 9 });
  assert.deepEqual(missingBetween('s=a;i=1', 's=b;i=2'), { kind: 'vacuumed', entries: undefined });
});
