import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingBetween } from './journal-places.ts';
import { entriesBetween, formatToken, hasReached, parseToken } from './journal-token.ts';

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

test('an entry is at or behind another by the numbers of one sequence, the clock of one boot, or the time of day', () => {
  const cursor = (parts: object): string => {
    const all = { s: 'a', i: '10', b: 'c', m: '10', t: '10', x: '10', ...parts };
    return Object.entries(all)
      .map(([name, value]) => `${name}=${value}`)
      .join(';');
  };
  const last = cursor({});
  const late = { m: 'ff', t: 'ff', x: 'ff' };
  assert(hasReached(last, last) && hasReached('', '') && hasReached(last, ''));
  assert(!hasReached('', last) && !hasReached('nonsense', last));
  assert(hasReached(cursor({ i: '11', m: '1', t: '1' }), last) && !hasReached(cursor({ i: 'f', ...late }), last));
  assert(hasReached(cursor({ s: 'b', i: '1', m: '11', t: '1' }), last) && !hasReached(cursor({ ...late, s: 'b', m: 'f' }), last));
  const other = { s: 'b', b: 'd' };
  assert(
    hasReached(cursor({ ...other, i: '1', m: '1', t: '11' }), last) && !hasReached(cursor({ ...other, ...late, t: 'f' }), last),
  );
  assert(hasReached(cursor({ ...other, x: '11' }), last) && !hasReached(cursor({ ...other, x: 'f' }), last));
});
