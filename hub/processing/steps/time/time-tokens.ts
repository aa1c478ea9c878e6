/** The tokens of which patterns for times are made, for strptime's letters and for those of Unicode (LDML). */
import { monthAt } from './civil.ts';
import { digitsEnd, isDigit, thousandths, wholeNumber } from './digits.ts';
import type { TimeToken } from './time-pattern.ts';
import { offsetEnd, offsetMsAt, TimeZone } from './time-zone.ts';

type NumberPart = 'year' | 'month' | 'day' | 'dayOfYear' | 'hour' | 'minute' | 'second';

export interface NumberWidth {
  readonly least: number;
  readonly most: number;
  /** A space may stand for the first digit. */
  readonly isPadded?: boolean;
}

const fullMonths = 'january february march april may june july august september october november december sept'.split(' ');
const weekdays = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');
const nameLengthMax = 40;
/** Below it, two digits of a year are of this century: POSIX. */
const centuryPivot = 69;
const hourMs = 3_600_000;

/** Names that the database of zones has not, or not as logs mean them. */
const abbreviations = new Map(
  'UTC 0,UT 0,GMT 0,Z 0,WET 0,WEST 1,CET 1,CEST 2,EET 2,EEST 3,MSK 3,JST 9,KST 9,EST -5,EDT -4,CST -6,CDT -5,MST -7,MDT -6,PST -8,PDT -7'
    .split(',')
    .map((pair): [string, number] => [pair.slice(0, pair.indexOf(' ')), Number(pair.slice(pair.indexOf(' ')))]),
);
const zones = new Map<string, TimeZone>();

export function literal(expected: string): TimeToken {
  return { sets: [], read: (text, at) => (text.startsWith(expected, at) ? at + expected.length : -1) };
}

/** Any number of spaces, at least one unless `mayMiss`. */
export function spaces(mayMiss: boolean): TimeToken {
  return {
    sets: [],
    read: (text, at) => {
      let end = at;
      while (text.charCodeAt(end) === 32 || text.charCodeAt(end) === 9) end += 1;
      return end > at || mayMiss ? end : -1;
    },
  };
}

export function number(part: NumberPart, { least, most, isPadded = false }: NumberWidth): TimeToken {
  return {
    sets: [part],
    read: (text, at, parts) => {
      const from = isPadded && text.charCodeAt(at) === 32 ? at + 1 : at;
      const end = Math.min(digitsEnd(text.slice(from, from + most), 0), most) + from;
      const value = wholeNumber(text, from, end);
      if (value < 0 || end - from < least - (from - at)) return -1;
      parts[part] = value;
      return end;
    },
  };
}

export const shortYear: TimeToken = {
  sets: ['year'],
  read: (text, at, parts) => {
    const value = wholeNumber(text, at, at + 2);
    if (value < 0) return -1;
    parts.year = value + (value < centuryPivot ? 2000 : 1900);
    return at + 2;
  },
};

export const monthName: TimeToken = {
  sets: ['month'],
  read: (text, at, parts) => {
    const end = lettersEnd(text, at);
    const month = monthAt(text, at);
    if (month === 0 || (end - at !== 3 && !fullMonths.includes(text.slice(at, end).toLowerCase()))) return -1;
    parts.month = month;
    // "Sept." and "Nov." are written, too.
    return end;
  },
};

/** Says nothing that the date does not say. */
export const weekdayName: TimeToken = {
  sets: [],
  read: (text, at) => {
    const end = lettersEnd(text, at);
    const name = text.slice(at, end).toLowerCase();
    return name.length >= 3 && weekdays.some((day) => day === name || day.slice(0, 3) === name) ? end : -1;
  },
};

export const halfOfDay: TimeToken = {
  sets: ['half'],
  read: (text, at, parts) => {
    const half = ['am', 'pm'].indexOf(text.slice(at, at + 2).toLowerCase());
    if (half < 0) return -1;
    parts.half = half;
    return at + 2;
  },
};

/** Digits behind a decimal point, as many as there are. */
export const fraction: TimeToken = {
  sets: ['fractionMs'],
  read: (text, at, parts) => {
    const end = at + digitsEnd(text.slice(at, at + nameLengthMax), 0);
    const value = thousandths(text, at, end);
    if (value < 0) return -1;
    parts.fractionMs = value;
    return end;
  },
};

export function exactFraction(digits: number): TimeToken {
  return {
    sets: ['fractionMs'],
    read: (text, at, parts) => {
      const value = digitsEnd(text.slice(at, at + digits), 0) === digits ? thousandths(text, at, at + digits) : -1;
      if (value < 0) return -1;
      parts.fractionMs = value;
      return at + digits;
    },
  };
}

/** `Z`, `+0200`, `+02:00`, `+02`. */
export const offset: TimeToken = {
  sets: ['offsetMs'],
  read: (text, at, parts) => {
    const end = offsetEnd(text, at);
    const value = end > at ? offsetMsAt(text, at, end) : undefined;
    if (value === undefined) return -1;
    parts.offsetMs = value;
    return end;
  },
};

/** `CET`, `UTC`, `Europe/Vienna`, and offsets, also behind `GMT` or `UTC`. */
export const zoneName: TimeToken = {
  sets: ['zone'],
  read: (text, at, parts) => {
    const end = zoneEnd(text, at);
    const name = text.slice(at, end);
    const offsetStart = /^(?:GMT|UTC)(?=[+-])/.test(name) ? at + 3 : at;
    if (isSignOrZ(text, offsetStart)) {
      const found = offset.read(text, offsetStart, parts);
      if (found >= 0) return found;
    }
    parts.zone = zoneNamed(name);
    return parts.zone === undefined ? -1 : end;
  },
};

export function epoch(msOfOne: number): TimeToken {
  return {
    sets: ['epochMs'],
    read: (text, at, parts) => {
      const end = at + digitsEnd(text.slice(at, at + nameLengthMax), 0);
      const value = wholeNumber(text, at, end);
      if (value < 0) return -1;
      parts.epochMs = value * msOfOne;
      return end;
    },
  };
}

function zoneNamed(name: string): TimeZone | undefined {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const hours = abbreviations.get(name.toUpperCase());
  const zone = hours === undefined ? TimeZone.named(name) : TimeZone.fixed(hours * hourMs);
  // There are only so many zones; what is none is not kept.
  if (zone !== undefined) zones.set(name, zone);
  return zone;
}

function lettersEnd(text: string, from: number): number {
  let at = from;
  while (at < from + nameLengthMax && isLetter(text.charCodeAt(at))) at += 1;
  return at;
}

function zoneEnd(text: string, from: number): number {
  let at = from;
  while (at < from + nameLengthMax) {
    const code = text.charCodeAt(at);
    // Letters, digits, and `/`, `_`, `+`, `-`.
    if (!isLetter(code) && !isDigit(code) && code !== 47 && code !== 95 && code !== 43 && code !== 45) break;
    at += 1;
  }
  return at;
}

function isSignOrZ(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 43 || code === 45 || (code === 90 && !isLetter(text.charCodeAt(at + 1)));
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}
