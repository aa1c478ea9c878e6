import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../inputs/testing/manual-clock.ts';
import { ClockWatch, isUnknownTimeZone } from './clock-watch.ts';

class SettableClock extends ManualClock {
  offsetMs = 0;

  override now(): number {
    return super.now() + this.offsetMs;
  }
}

test('a clock that is set back or forward is told, a correction is not', () => {
  const clock = new SettableClock();
  const watch = new ClockWatch(clock);
  const jumps = [0, 500, -3_600_000, -3_600_000, 86_400_000].map((offsetMs) => {
    clock.offsetMs = offsetMs;
    clock.advance(1000);
    return watch.look();
  });
  assert.deepEqual(jumps, [0, 0, -3_600_500, 0, 90_000_000]);
});

test('a time zone that is not known here is found; none is none', () => {
  assert.equal(isUnknownTimeZone('Nowhere/Nothing'), true);
  for (const known of [undefined, '', 'UTC', ':UTC', 'Europe/Berlin']) assert.equal(isUnknownTimeZone(known), false);
});
