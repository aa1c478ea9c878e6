import type { MetricsInputOptions } from './options.ts';

/** Of sets whose values hardly change, unless the configuration says otherwise. */
const slowMs: Readonly<Record<string, number>> = { filesystem: 60_000, uptime: 60_000, host: 86_400_000 };

/** How often a set is measured. */
export function periodMsOf(set: string, { interval, intervals }: MetricsInputOptions): number {
  const own = Object.entries(intervals).find(([name]) => name === set)?.[1];
  return own ?? Math.max(interval, slowMs[set] ?? 0);
}

/** When it is next to be measured after `dueMs`: what could not be done in time is left out, not made up for. */
export function nextDueMs(dueMs: number, periodMs: number, nowMs: number): number {
  const next = dueMs + periodMs;
  return next > nowMs ? next : next + (Math.floor((nowMs - next) / periodMs) + 1) * periodMs;
}
