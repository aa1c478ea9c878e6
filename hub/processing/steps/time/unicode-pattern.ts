/** Patterns with Unicode's letters (LDML), as of Java and of Elasticsearch: `dd/MMM/yyyy:HH:mm:ss Z`. Text stands in single quotes. */
import { type TimePattern, timePattern, TimePatternError, type TimeToken } from './time-pattern.ts';
import {
  exactFraction,
  fraction,
  halfOfDay,
  literal,
  monthName,
  number,
  offset,
  shortYear,
  weekdayName,
  zoneName,
} from './time-tokens.ts';
import type { TimeZone } from './time-zone.ts';

/** Throws a TimePatternError. */
export function compileUnicodePattern(pattern: string, zone: TimeZone): TimePattern {
  const tokens: TimeToken[] = [];
  const found = [...pattern.matchAll(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'/g)].map(([text]) => text);
  for (const [index, text] of found.entries()) {
    if (text === "'") throw new TimePatternError('a single quote has no other one; two of them stand for one');
    if (text.startsWith("'")) tokens.push(literal(text === "''" ? "'" : text.slice(1, -1).replaceAll("''", "'")));
    else if (/^[A-Za-z]/.test(text)) tokens.push(tokenOf(text, found[index + 1] ?? ''));
    else tokens.push(literal(text));
  }
  return timePattern(tokens, zone);
}

function tokenOf(letters: string, next: string): TimeToken {
  const count = letters.length;
  switch (letters.charAt(0)) {
    case 'y':
    case 'u':
      return count === 2 ? shortYear : number('year', { least: 4, most: 4 });
    case 'M':
    case 'L':
      return count >= 3 ? monthName : number('month', width(count));
    case 'd':
      return number('day', width(count));
    case 'D':
      return number('dayOfYear', { least: count, most: 3 });
    case 'H':
    case 'k':
    case 'h':
    case 'K':
      return number('hour', width(count));
    case 'm':
      return number('minute', width(count));
    case 's':
      return number('second', width(count));
    case 'S':
    case 'n':
      return /^\d|^[A-RT-Za-z]/.test(next) && !/^[XxZzVO]/.test(next) ? exactFraction(count) : fraction;
    case 'a':
      return halfOfDay;
    case 'E':
    case 'e':
      return weekdayName;
    case 'Z':
    case 'X':
    case 'x':
      return offset;
    case 'z':
    case 'V':
    case 'O':
      return zoneName;
    default:
      throw new TimePatternError(`${letters} is nothing that times have; text stands in single quotes`);
  }
}

/** One letter takes what is there, two take two digits. A space may stand for a leading zero. */
function width(count: number): { least: number; most: number; isPadded: boolean } {
  return { least: Math.min(count, 2), most: 2, isPadded: count > 1 };
}
