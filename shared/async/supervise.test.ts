import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../clock.ts';
import { supervise } from './supervise.ts';

function instantClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
      await Promise.resolve();
    },
  };
}

const backoff = { msMin: 100, msMax: 1000, random: () => 0.5 };

void test('a part that breaks is started again, with growing waits, until it is done', async () => {
  const waits: number[] = [];
  let runs = 0;
  const options = {
    clock: instantClock(),
    backoff,
    healthyAfterMs: 10_000,
    onFailed: (_: unknown, ms: number) => void waits.push(ms),
  };
  await supervise(
    async () => {
      runs += 1;
      await Promise.resolve();
      if (runs < 4) throw new Error('broken');
    },
    new AbortController().signal,
    options,
  );
  assert.equal(runs, 4);
  assert.deepEqual(waits, [50, 100, 200]);
});

void test('an abort ends it, and what a part throws while it stops is no failure', async () => {
  const controller = new AbortController();
  const failures: unknown[] = [];
  const options = { clock: instantClock(), backoff, healthyAfterMs: 1, onFailed: (error: unknown) => void failures.push(error) };
  await supervise(
    async () => {
      await Promise.resolve();
      controller.abort();
      throw new Error('stopped');
    },
    controller.signal,
    options,
  );
  assert.deepEqual(failures, []);
});
