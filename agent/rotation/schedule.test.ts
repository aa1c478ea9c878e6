import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSchedule } from './schedule.ts';

test('a schedule knows its next time, in its own time zone', async () => {
  const timeZone = 'Asia/Kolkata';
  using schedule = await openSchedule({ expression: '30 4 * * *', timeZone, onDue: () => undefined });
  const next = schedule.nextMs();
  assert(next !== undefined && next > Date.now());
  const there = new Date(next).toLocaleTimeString('en-GB', { timeZone, timeStyle: 'short' });
  assert.equal(there, '04:30');
});

test('it calls when it is due, and not after it was disposed of', async () => {
  const due = Promise.withResolvers<void>();
  let calls = 0;
  const onDue = (): void => {
    calls += 1;
    due.resolve();
  };
  // The schedule's own timer keeps no process alive; this one does.
  const keepAlive = setTimeout(() => due.reject(new Error('not in time')), 5000);
  const schedule = await openSchedule({ expression: '* * * * * *', timeZone: undefined, onDue });
  await due.promise;
  clearTimeout(keepAlive);
  schedule[Symbol.dispose]();
  assert.equal(calls, 1);
});
