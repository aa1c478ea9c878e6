import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { lookShareMax, slowestLookMs } from './limits.ts';
import { lookAgain } from './look-again.ts';

/** When it looked, by a clock that shows how long each look takes. */
async function looksAt(tookMs: number): Promise<readonly number[]> {
  const abort = new AbortController();
  let nowMs = 0;
  const seen: number[] = [];
  const clock = Object.assign(new ManualClock(), {
    monotonic: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
      await Promise.resolve();
    },
  });
  const look = (): void => {
    seen.push(nowMs);
    nowMs += tookMs;
    if (seen.length === 3) abort.abort();
  };
  await lookAgain(clock, 1000, look, abort.signal);
  return seen;
}

test('it looks as often as it is told to, less often where a look takes long, and often enough all the same', async () => {
  assert.deepEqual(await looksAt(1), [0, 1001, 2002]);
  const dear = 2000 * lookShareMax;
  assert.deepEqual(await looksAt(dear), [0, 2000 + dear, 2 * (2000 + dear)]);
  assert.deepEqual(await looksAt(1000), [0, 1000 + slowestLookMs, 2 * (1000 + slowestLookMs)]);
});
