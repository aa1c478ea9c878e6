/** Patterns as of C's strptime: `%d/%b/%Y:%H:%M:%S %z`. A space stands for any number of spaces. */
import { type TimePattern, timePattern, TimePatternError, type TimeToken } from './time-pattern.ts';
import {
  epoch,
  fraction,
  halfOfDay,
  literal,
  monthName,
  number,
  offset,
  shortYear,
  spaces,
  weekdayName,
  zoneName,
} from './time-tokens.ts';
import type { TimeZone } from './time-zone.ts';

const twoDigits = { least: 1, most: 2, isPadded: true };

const tokens: Readonly<Record<string, TimeToken>> = {
  Y: number('year', { least: 4, most: 4 }),
  y: shortYear,
  m: number('month', twoDigits),
  b: monthName,
  B: monthName,
  h: monthName,
  d: number('day', twoDigits),
  e: number('day', twoDigits),
  j: number('dayOfYear', { least: 1, most: 3 }),
  H: number('hour', twoDigits),
  k: number('hour', twoDigits),
  I: number('hour', twoDigits),
  l: number('hour', twoDigits),
  p: halfOfDay,
  P: halfOfDay,
  M: number('minute', twoDigits),
  S: number('second', twoDigits),
  f: fraction,
  L: fraction,
  N: fraction,
  z: offset,
  Z: zoneName,
  a: weekdayName,
  A: weekdayName,
  s: epoch(1000),
  Q: epoch(1),
  n: spaces(true),
  t: spaces(true),
  '%': literal('%'),
};

/** Letters that stand for several others. */
const compounds: Readonly<Record<string, string>> = {
  T: '%H:%M:%S',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
  '+': '%a %b %e %H:%M:%S %Z %Y',
};

/** Throws a TimePatternError. */
export function compileStrptime(pattern: string, zone: TimeZone): TimePattern {
  return timePattern(tokensOf(pattern), zone);
}

function tokensOf(pattern: string): TimeToken[] {
  const made: TimeToken[] = [];
  for (const [found] of pattern.matchAll(/%[-_0^#:EO]*(?:[^]|$)|\s+|[^%\s]+/g)) {
    if (found.trim() === '') made.push(spaces(false));
    else if (found.startsWith('%')) made.push(...tokensOfLetter(found.at(-1) ?? '', found));
    else made.push(literal(found));
  }
  return made;
}

function tokensOfLetter(letter: string, written: string): TimeToken[] {
  const compound = Object.hasOwn(compounds, letter) ? compounds[letter] : undefined;
  if (compound !== undefined) return tokensOf(compound);
  const token = Object.hasOwn(tokens, letter) && written.length > 1 ? tokens[letter] : undefined;
  if (token === undefined) throw new TimePatternError(`strptime has no ${written}; %% is a percent sign`);
  return [token];
}
