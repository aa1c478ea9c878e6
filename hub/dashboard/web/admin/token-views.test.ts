import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type EnrolmentTokenView, labelsOf, tokenState } from './token-views.ts';

const token: EnrolmentTokenView = {
  id: 'a1b2c3d4',
  kind: 'agent',
  tenants: ['shop'],
  labels: {},
  usesMax: 2,
  uses: 1,
  createdBy: 'anna',
  created: '2026-11-22T10:00:00.000Z',
  expires: '2026-11-23T10:00:00.000Z',
  revoked: null,
};
const nowMs = Date.parse('2026-11-22T12:00:00Z');

suite('tokens on the page', () => {
  test('a token is good until it is used up, expired or revoked', () => {
    assert.equal(tokenState(token, nowMs), 'good');
    assert.equal(tokenState({ ...token, uses: 2 }, nowMs), 'used up');
    assert.equal(tokenState(token, nowMs + 24 * 3_600_000), 'expired');
    assert.equal(tokenState({ ...token, uses: 2, revoked: token.created }, nowMs), 'revoked');
  });

  test('labels are names with values', () => {
    assert.deepEqual(labelsOf(' rack=7, zone = b=c ,'), { rack: '7', zone: 'b=c' });
    assert.deepEqual(labelsOf(''), {});
    assert.throws(() => labelsOf('rack=7, zone'), /zone” is none/);
  });
});
