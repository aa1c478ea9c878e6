/** `--since` and `--until`, as typed. */
import { parseSearchTime } from '../outputs/archive/search/search-time.ts';
import { UsageError } from './exit.ts';

export interface TimeRangeOptions {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Throws a UsageError. */
export function timeRangeOf({ since, until }: TimeRangeOptions, nowMs: number): { sinceMs?: number; untilMs?: number } {
  const sinceMs = timeOf('--since', since, nowMs);
  const untilMs = timeOf('--until', until, nowMs);
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
    throw new UsageError(`--since ${since ?? ''} is not before --until ${until ?? ''}: nothing lies between`);
  }
  return { ...(sinceMs !== undefined && { sinceMs }), ...(untilMs !== undefined && { untilMs }) };
}

function timeOf(name: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const time = parseSearchTime(text, nowMs);
  if (time === undefined) {
    throw new UsageError(`${name}: ${text} is no time; write 2026-11-21, 2026-11-21T10:00:00Z, or how long ago, such as 15m`);
  }
  return time;
}
