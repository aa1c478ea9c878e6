import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisText, timeText } from './clock.ts';

const at = Date.UTC(2026, 10, 22, 9, 5, 7);

test('a time of today is without its date', () => {
  assert.equal(timeText(at, { zone: 'utc' }), '2026-11-22 09:05:07');
  assert.equal(timeText(at, { zone: 'utc', nowMs: at + 3_600_000 }), '09:05:07');
  assert.equal(timeText(at, { zone: 'utc', nowMs: at + 86_400_000 }), '2026-11-22 09:05:07');
  assert.equal(timeText(Date.UTC(2026, 10, 22), { zone: 'utc' }), '2026-11-22 00:00:00');
});

test('the axis of a chart tells the hour, and the date where a day begins', () => {
  assert.equal(axisText(new Date(2026, 10, 22, 9, 5)), '09:05');
  assert.equal(axisText(new Date(2026, 10, 22)), '11-22');
});
