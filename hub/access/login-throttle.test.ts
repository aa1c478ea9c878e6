import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@tributary/shared/clock.ts';
import { LoginThrottle, type ThrottleLimits } from './login-throttle.ts';

function fixture(limits: Partial<ThrottleLimits> = {}): {
  readonly throttle: LoginThrottle;
  readonly pass: (ms: number) => void;
  /** Milliseconds to wait; 0: went, and failed. */
  readonly fail: (account: string, address: string) => number;
  readonly succeed: (account: string, address: string) => number;
} {
  let nowMs = 1000;
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve() };
  const throttle = new LoginThrottle(clock, limits);
  const attempt = (account: string, address: string, isRight: boolean): number => {
    const tried = throttle.begin(account, address);
    if (tried.kind === 'wait') return tried.retryAfterMs;
    if (isRight) tried.succeeded();
    return 0;
  };
  return {
    throttle,
    pass: (ms) => {
      nowMs += ms;
    },
    fail: (account, address) => attempt(account, address, false),
    succeed: (account, address) => attempt(account, address, true),
  };
}

test('after five tries each waits twice as long as the last, up to half a minute for an account', () => {
  const { fail, pass } = fixture();
  for (let i = 0; i < 5; i += 1) assert.equal(fail('anna', `10.0.0.${i}`), 0);
  const waits: number[] = [];
  for (let i = 5; i < 15; i += 1) {
    const wait = fail('anna', `10.0.0.${i}`);
    waits.push(wait);
    pass(wait);
    assert.equal(fail('anna', `10.0.0.${i}`), 0);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
});

test('tries that are refused for waiting make nobody wait longer', () => {
  const { fail } = fixture();
  for (let i = 0; i < 5; i += 1) fail('anna', '10.0.0.1');
  for (let i = 0; i < 100; i += 1) assert.equal(fail('anna', '10.0.0.1'), 1000);
});

test('an address that tries many accounts waits for all of them, and its /64 with it', () => {
  const { fail } = fixture();
  for (let i = 0; i < 5; i += 1) assert.equal(fail(`user ${i}`, `2001:db8:0:1::${i}`), 0);
  assert.equal(fail('another', '2001:db8:0:1:ffff::1'), 1000);
  assert.equal(fail('another', '2001:db8:0:2::1'), 0);
});

test('who keeps guessing from everywhere does not shut out somebody who signed in from here before', () => {
  const { fail, succeed } = fixture();
  assert.equal(succeed('anna', '10.0.0.1'), 0);
  for (let i = 0; i < 1000; i += 1) fail('anna', `10.1.${i >> 8}.${i & 255}`);
  assert.ok(fail('anna', '10.9.9.9') > 0);
  assert.equal(succeed('anna', '10.0.0.1'), 0);
  // Nor somebody who guesses from the same address at other accounts.
  for (let i = 0; i < 10; i += 1) fail(`other ${i}`, '10.0.0.1');
  assert.equal(succeed('anna', '10.0.0.1'), 0);
});

test('an own account does not make guessing at others free', () => {
  const { fail, succeed } = fixture();
  const waits = Array.from({ length: 20 }, (_, i) => {
    succeed('mallory', '10.0.0.1');
    return fail(`victim ${i}`, '10.0.0.1');
  });
  assert.ok(waits.filter((wait) => wait === 0).length <= 6, String(waits));
});

test('many tries at once are counted before any of them is looked at', () => {
  const { throttle } = fixture();
  const begun = Array.from({ length: 50 }, () => throttle.begin('anna', '10.0.0.1'));
  assert.equal(begun.filter(({ kind }) => kind === 'go').length, 5);
});

test('all is forgiven after an hour, and memory is bounded', () => {
  const { fail, pass, throttle } = fixture({ keysMax: 10 });
  for (let i = 0; i < 5; i += 1) fail('anna', '10.0.0.1');
  pass(61 * 60_000);
  assert.equal(fail('anna', '10.0.0.1'), 0);
  assert.equal(fail('anna', '10.0.0.1'), 0);
  for (let i = 0; i < 1000; i += 1) throttle.begin(`user ${i}`, `10.2.${i >> 8}.${i & 255}`);
  assert.equal(fail('anna', '10.0.0.1'), 0);
});
