import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@tributary/shared/clock.ts';
import { FailureLimiter } from './failure-limiter.ts';

function limiterAt(): { limiter: FailureLimiter; pass: (ms: number) => void } {
  let now = 1000;
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const limits = { perAddress: { tries: 3, perSecond: 0.5 }, total: { tries: 5, perSecond: 1 }, addressesMax: 2 };
  return { limiter: new FailureLimiter(limits, clock), pass: (ms) => void (now += ms) };
}

test('an address that failed too often waits; others do not', () => {
  const { limiter, pass } = limiterAt();
  for (let failure = 0; failure < 3; failure += 1) {
    assert.equal(limiter.waitMs('192.0.2.1'), 0);
    limiter.failed('192.0.2.1');
  }
  assert.equal(limiter.waitMs('192.0.2.1'), 2000);
  assert.equal(limiter.waitMs('192.0.2.2'), 0);
  pass(1999);
  assert.equal(limiter.waitMs('192.0.2.1'), 1);
  pass(1);
  assert.equal(limiter.waitMs('192.0.2.1'), 0);
});

test('many addresses together have a limit too, and each /64 counts as one', () => {
  const { limiter, pass } = limiterAt();
  for (let host = 1; host <= 3; host += 1) limiter.failed(`2001:db8::${host}`);
  assert.ok(limiter.waitMs('2001:db8::ffff') > 0);
  limiter.failed('192.0.2.1');
  limiter.failed('192.0.2.2');
  assert.equal(limiter.waitMs('192.0.2.3'), 1000);
  pass(1000);
  assert.equal(limiter.waitMs('192.0.2.3'), 0);
});
