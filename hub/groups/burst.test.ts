import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@tributary/shared/clock.ts';
import { Burst } from './burst.ts';

/** Time that passes only while somebody sleeps. */
function sleepingClock(onSleep: () => void = () => undefined): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
      onSleep();
    },
  };
}

const never = new AbortController().signal;

test('without a burst nobody waits', async () => {
  const clock = sleepingClock();
  const burst = new Burst(clock, 1_000_000);
  burst.note(100_000);
  await burst.passed(1000, never);
  assert.equal(clock.monotonic(), 0);
});

test('a burst is waited for until it is over', async () => {
  const clock = sleepingClock();
  const burst = new Burst(clock, 1_000_000);
  burst.note(500_000);
  assert.equal(burst.isOn, true);
  await burst.passed(1000, never);
  assert.equal(burst.isOn, false);
  assert.ok(clock.monotonic() > 0 && clock.monotonic() < 400, `${clock.monotonic()} ms`);
});

test('a burst without end is waited for no longer than asked', async () => {
  const clock = sleepingClock(() => burst.note(500_000));
  const burst = new Burst(clock, 1_000_000);
  burst.note(500_000);
  assert.equal(await burst.passed(1000, never), 1000);
  assert.equal(clock.monotonic(), 1000);
  assert.equal(burst.isOn, true);
});
