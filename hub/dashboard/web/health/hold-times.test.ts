import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acknowledgeTimes, silenceTimes, untilMsOf } from './hold-times.ts';

process.env['TZ'] = 'Europe/Berlin';
const hourMs = 3_600_000;

test('the morning is that of the reader, also over the night in which clocks are put back', () => {
  const nowMs = Date.parse('2026-10-24T22:30:00+02:00');
  assert.equal(untilMsOf('morning', nowMs, 'local'), Date.parse('2026-10-25T08:00:00+01:00'));
  assert.equal(untilMsOf('morning', nowMs, 'utc'), Date.parse('2026-10-25T08:00:00Z'));
  // After midnight here, and before it in UTC.
  const lateMs = Date.parse('2026-11-22T00:30:00+01:00');
  assert.equal(untilMsOf('morning', lateMs, 'local'), Date.parse('2026-11-23T08:00:00+01:00'));
  assert.equal(untilMsOf('morning', lateMs, 'utc'), Date.parse('2026-11-22T08:00:00Z'));
});

test('other times are as long as they say, and only what is acknowledged may have no end', () => {
  const nowMs = Date.parse('2026-11-22T12:00:00Z');
  const hours = silenceTimes.map(([time]) => ((untilMsOf(time, nowMs, 'utc') ?? 0) - nowMs) / hourMs);
  assert.deepEqual(hours, [1, 4, 20, 7 * 24]);
  assert.deepEqual(
    acknowledgeTimes.filter(([time]) => untilMsOf(time, nowMs, 'utc') === undefined),
    [['over', 'Until it is over']],
  );
});
