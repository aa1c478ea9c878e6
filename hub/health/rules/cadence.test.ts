import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cadence } from './cadence.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const rules = { factor: 3, least: 2 * minuteMs, learn: dayMs };
/** A Monday, midnight UTC. */
const beganMs = Date.UTC(2026, 10, 16);

/** Something every minute from six to twenty-two, and every half an hour at night. */
function officeUntil(endMs: number, from = Cadence.begun(beganMs)): Cadence {
  for (let nowMs = Math.max(beganMs, from.lastMs) + minuteMs; nowMs <= endMs; nowMs += minuteMs) {
    const hour = (nowMs % dayMs) / hourMs;
    if ((hour >= 6 && hour < 22) || nowMs % (30 * minuteMs) === 0) from.arrived(nowMs, rules);
  }
  return from;
}

test('nothing is missed before it is known for a day', () => {
  const cadence = officeUntil(beganMs + 12 * hourMs);
  assert.equal(cadence.silentSince(beganMs + 23 * hourMs, rules), undefined);
});

test('by day it is missed within minutes, and as soon as something comes it is not any more', () => {
  const noonMs = beganMs + 2 * dayMs + 12 * hourMs;
  const cadence = officeUntil(noonMs);
  assert.equal(cadence.silentSince(noonMs + 2 * minuteMs, rules), undefined);
  assert.equal(cadence.silentSince(noonMs + 3 * minuteMs, rules), noonMs);
  cadence.arrived(noonMs + 4 * minuteMs, rules);
  assert.equal(cadence.silentSince(noonMs + 5 * minuteMs, rules), undefined);
});

test('what is quiet at night is not missed at night, until it is quieter than usual', () => {
  const nightMs = beganMs + 3 * dayMs + 2 * hourMs;
  const cadence = officeUntil(nightMs);
  assert.equal(cadence.silentSince(nightMs + 89 * minuteMs, rules), undefined);
  assert.equal(cadence.silentSince(nightMs + 90 * minuteMs, rules), nightMs);
});

test('a silence that began at night is missed by day as by day', () => {
  const lastMs = beganMs + 3 * dayMs + 5.5 * hourMs;
  const cadence = officeUntil(lastMs);
  // At six the night is over; its first hour knows that it is begun by somebody who is late by half an hour.
  assert.equal(cadence.silentSince(lastMs + 60 * minuteMs, rules), undefined);
  assert.equal(cadence.silentSince(beganMs + 3 * dayMs + 7 * hourMs + 3 * minuteMs, rules), lastMs);
});

test('an outage is not learned as usual at once, and a change is learned by and by', () => {
  const noonMs = beganMs + 2 * dayMs + 12 * hourMs;
  const cadence = officeUntil(noonMs);
  cadence.arrived(noonMs + 50 * minuteMs, rules);
  const known = cadence.state.usual[12] ?? 0;
  assert.ok(known >= 60 && known <= 600, `${known} s`);
  let missed = 0;
  let nowMs = noonMs + 50 * minuteMs;
  for (let day = 0; day < 6; day += 1) {
    for (let times = 0; times < 24 * 4; times += 1) {
      nowMs += 15 * minuteMs;
      if (day === 5 && cadence.silentSince(nowMs, rules) !== undefined) missed += 1;
      cadence.arrived(nowMs, rules);
    }
  }
  assert.equal(missed, 0, 'that it comes every quarter of an hour is usual after a few days');
});

test('what is known is kept over a start, and the time between is nobody’s silence', () => {
  const noonMs = beganMs + 2 * dayMs + 12 * hourMs;
  const again = Cadence.continued(officeUntil(noonMs).state, noonMs + hourMs);
  assert.equal(again.silentSince(noonMs + hourMs + minuteMs, rules), undefined);
  again.arrived(noonMs + hourMs + minuteMs, rules);
  assert.notEqual(again.silentSince(noonMs + hourMs + 5 * minuteMs, rules), undefined);
});

test('what was missed before a start is missed at once after it, and no more when something comes', () => {
  const noonMs = beganMs + 2 * dayMs + 12 * hourMs;
  const cadence = officeUntil(noonMs);
  const stopMs = noonMs + 4 * minuteMs;
  assert.equal(cadence.silentSince(stopMs, rules), noonMs);
  const again = Cadence.continued(cadence.state, stopMs + minuteMs);
  assert.equal(again.silentSince(stopMs + minuteMs, rules), noonMs);
  again.arrived(stopMs + 2 * minuteMs, rules);
  assert.equal(again.silentSince(stopMs + 3 * minuteMs, rules), undefined);
  assert.equal(again.state.missed, undefined);
});

test('nothing is expected of one that rests', () => {
  const noonMs = beganMs + 2 * dayMs + 12 * hourMs;
  const cadence = officeUntil(noonMs);
  cadence.rest();
  assert.equal(cadence.silentSince(noonMs + hourMs, rules), undefined);
  cadence.arrived(noonMs + 2 * hourMs, rules);
  assert.equal(cadence.silentSince(noonMs + 2 * hourMs + 3 * minuteMs, rules), noonMs + 2 * hourMs);
});
