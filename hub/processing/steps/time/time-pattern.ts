/**
 * A pattern for times, as a row of tokens. Each reads what stands at its place and says where the next one goes on, or minus one. What
 * the pattern does not name is taken from elsewhere: the zone from the options, the year from when the record was received.
 */
import { dayMs, midnightMs, timeOfDayMs } from './civil.ts';
import { withYear } from './syslog-time.ts';
import { TimeZone } from './time-zone.ts';

/** What tokens found; minus one where they found nothing. */
export interface TimeParts {
  year: number;
  month: number;
  day: number;
  dayOfYear: number;
  hour: number;
  /** 0: before noon, 1: after. */
  half: number;
  minute: number;
  second: number;
  fractionMs: number;
  epochMs: number;
  zone: TimeZone | undefined;
  offsetMs: number | undefined;
}

export interface TimeToken {
  /** The parts that it sets. */
  readonly sets: readonly (keyof TimeParts)[];
  readonly read: (text: string, at: number, parts: TimeParts) => number;
}

export interface TimePattern {
  readonly tokens: readonly TimeToken[];
  readonly zone: TimeZone;
}

/** A pattern that cannot be used; the message is for the person who wrote it. */
export class TimePatternError extends Error {
  override readonly name = 'TimePatternError';
  readonly code = 'TIME_PATTERN';
}

/** Throws a TimePatternError where the tokens name no point in time. */
export function timePattern(tokens: readonly TimeToken[], zone: TimeZone): TimePattern {
  const set = new Set(tokens.flatMap(({ sets }) => sets));
  const isWhole = set.has('epochMs') || set.has('dayOfYear') || (set.has('month') && set.has('day'));
  if (!isWhole) throw new TimePatternError('a time needs a day: month and day, or the day of the year, or seconds since 1970');
  return { tokens, zone };
}

export function namesYear({ tokens }: TimePattern): boolean {
  return tokens.some(({ sets }) => sets.includes('year') || sets.includes('epochMs'));
}

/** Undefined where the text is not of the pattern from its first to its last character. */
export function readWhole({ tokens, zone }: TimePattern, text: string, receivedMs: number): number | undefined {
  const parts = noParts();
  let at = 0;
  for (const { read } of tokens) {
    at = read(text, at, parts);
    if (at < 0) return undefined;
  }
  return at === text.length ? pointInTime(parts, zone, receivedMs) : undefined;
}

function noParts(): TimeParts {
  return {
    year: -1,
    month: -1,
    day: -1,
    dayOfYear: -1,
    hour: -1,
    half: -1,
    minute: -1,
    second: -1,
    fractionMs: 0,
    epochMs: -1,
    zone: undefined,
    offsetMs: undefined,
  };
}

function pointInTime(parts: TimeParts, zone: TimeZone, receivedMs: number): number | undefined {
  if (parts.epochMs >= 0) return parts.epochMs + parts.fractionMs;
  const time = timeOfDayMs(hourOf(parts), Math.max(parts.minute, 0), Math.max(parts.second, 0));
  if (time === undefined) return undefined;
  const { offsetMs } = parts;
  const place = offsetMs === undefined ? (parts.zone ?? zone) : TimeZone.fixed(offsetMs);
  const timeMs = time + parts.fractionMs;
  if (parts.year >= 0) {
    const midnight =
      parts.dayOfYear >= 0 ? dayOfYear(parts.year, parts.dayOfYear) : midnightMs(parts.year, parts.month, parts.day);
    return midnight === undefined ? undefined : place.utcMs(midnight + timeMs);
  }
  if (parts.dayOfYear < 0) return withYear({ month: parts.month, day: parts.day, timeMs }, place, receivedMs);
  const firstDay = dayOfYear(new Date(receivedMs).getUTCFullYear(), parts.dayOfYear);
  return firstDay === undefined ? undefined : place.utcMs(firstDay + timeMs);
}

/** Noon is 12 after noon, midnight 12 before it. */
function hourOf({ hour, half }: TimeParts): number {
  if (half < 0) return Math.max(hour, 0);
  return hour < 0 || hour > 12 ? -1 : (hour % 12) + 12 * half;
}

function dayOfYear(year: number, day: number): number | undefined {
  const first = midnightMs(year, 1, 1);
  if (first === undefined || day < 1) return undefined;
  const midnight = first + (day - 1) * dayMs;
  return new Date(midnight).getUTCFullYear() === year ? midnight : undefined;
}
