import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertOptions, type Hours } from '../config/alert-options.ts';
import { isWithin } from './hours.ts';

const week = { zone: 'Europe/Berlin', days: ['mon', 'tue', 'wed', 'thu', 'fri'] } as const;

function hours(options: object): Hours {
  const receivers = [{ kind: 'webhook', name: 'ops', url: 'https://h/', routes: [{ hours: { ...week, ...options } }] }];
  const found = alertOptions.parse({ receivers }).receivers[0]?.routes[0]?.hours;
  assert.ok(found);
  return found;
}

function at(time: string): number {
  return Temporal.ZonedDateTime.from(`${time}[Europe/Berlin]`).epochMilliseconds;
}

test('hours are of days of the week in a zone, also where its clocks change', () => {
  const office = hours({ from: '08:00', to: '18:00' });
  // 2026-11-20 is a Friday.
  const times = [
    '2026-11-20T07:59',
    '2026-11-20T08:00',
    '2026-11-20T17:59',
    '2026-11-20T18:00',
    '2026-11-21T12:00',
    '2026-07-20T08:00',
  ];
  assert.deepEqual(
    times.map((time) => isWithin(office, at(time))),
    [false, true, true, false, false, true],
  );
  assert.ok(isWithin(hours({}), at('2026-11-20T23:59')) && isWithin(hours({}), at('2026-11-20T00:00')));
});

test('hours that end before they begin end on the day after', () => {
  const night = hours({ from: '22:00', to: '06:00', days: ['fri'] });
  const times = ['2026-11-20T05:00', '2026-11-20T22:00', '2026-11-21T05:59', '2026-11-21T06:00', '2026-11-21T22:00'];
  assert.deepEqual(
    times.map((time) => isWithin(night, at(time))),
    [false, true, true, false, false],
  );
});

test('what is no time, day or zone is refused', () => {
  for (const wrong of [
    { from: '8' },
    { to: '24:01' },
    { from: '24:00' },
    { days: [] },
    { days: ['monday'] },
    { zone: 'Berlin' },
    { from: '08:00', to: '08:00' },
  ])
    assert.throws(() => hours(wrong));
});
