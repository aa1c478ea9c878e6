import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../inputs/testing/input-under-test.ts';
import { ManualClock } from '../inputs/testing/manual-clock.ts';
import { ClockWatch, isUnknownTimeZone } from './clock-watch.ts';
import { clockLookMs } from './limits.ts';

class SettableClock extends ManualClock {
  offsetMs = 0;

  override now(): number {
    return super.now() + this.offsetMs;
  }
}

test('a clock that is set back or forward is told, a correction is not', async () => {
  const clock = new SettableClock();
  const jumps: number[] = [];
  const abort = new AbortController();
  const done = new ClockWatch(clock).run((jumpedMs) => jumps.push(jumpedMs), abort.signal);
  for (const offsetMs of [0, 500, -3_600_000, -3_600_000, 86_400_000]) {
    clock.offsetMs = offsetMs;
    await eventually('it sleeps', () => clock.sleeping === 1);
    clock.advance(clockLookMs);
    await eventually('it has looked', () => clock.sleeping === 1);
  }
  abort.abort();
  await done;
  assert.deepEqual(jumps, [-3_600_500, 90_000_000]);
});

test('a time zone that is not known here is found; none is none', () => {
  assert.equal(isUnknownTimeZone('Nowhere/Nothing'), true);
  for (const known of [undefined, '', 'UTC', ':UTC', 'Europe/Berlin']) assert.equal(isUnknownTimeZone(known), false);
});
