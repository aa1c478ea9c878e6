/** What was measured in the time until now. */
import type { ChartsAnswer } from '../../api/agent-shapes.ts';
import { hubNow } from './api.ts';
import { type Live, useLive } from './live.ts';

const hourMs = 3_600_000;

export const spans = [
  ['1h', '1 h'],
  ['6h', '6 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['30d', '30 d'],
] as const;

export type Span = (typeof spans)[number][0];

const spanMs: Readonly<Record<Span, number>> = {
  '1h': hourMs,
  '6h': 6 * hourMs,
  '24h': 24 * hourMs,
  '7d': 168 * hourMs,
  '30d': 720 * hourMs,
};

const everyMs = 10_000;

/** `path` has a query already. */
export function useChart(path: string | undefined, span: Span): Live<ChartsAnswer> {
  // The span is in what the answer is kept by, and the hub is told the times.
  const key = path === undefined ? undefined : `${path}#${span}`;
  return useLive<ChartsAnswer>(key, everyMs, () => `${path ?? ''}&from=${Math.floor(hubNow() - spanMs[span])}`);
}
