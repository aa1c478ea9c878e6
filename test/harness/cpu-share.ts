import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './program.ts';

const observedMs = 2500;

/** Of a core: generous for a process that waits, and far below a loop that never rests. */
export const restingShareMax = 0.3;

/** Share of a core that a process takes over a few seconds: shows a busy loop. */
export async function cpuShare(program: Program): Promise<number> {
  const before = await program.cpuSeconds();
  await sleep(observedMs);
  return (((await program.cpuSeconds()) - before) * 1000) / observedMs;
}
