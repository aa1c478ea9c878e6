import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './program.ts';
import { until } from './until.ts';

const observedMs = 2000;

/** Of a core: generous for a process that waits, and far below a loop that never rests. */
export const restingShareMax = 0.3;

/** Share of a core that a process takes over a few seconds: shows a busy loop. */
export async function cpuShare(program: Program): Promise<number> {
  const before = await program.cpuSeconds();
  await sleep(observedMs);
  return (((await program.cpuSeconds()) - before) * 1000) / observedMs;
}

/** Waits until a process has done what there was to do; an error when it never rests. */
export async function comesToRest(program: Program): Promise<void> {
  const rests = async (): Promise<boolean> => (await cpuShare(program)) < restingShareMax;
  await until(`${program.name} comes to rest`, rests, { deadlineMs: 120_000, detail: () => program.tail() });
}
