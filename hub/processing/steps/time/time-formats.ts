/** The formats of the step `timestamp`: by name, or as a pattern of strptime's or of Unicode's letters. */
import { CommonLogTime } from './common-log-time.ts';
import { usualIsoForm } from './iso-forms.ts';
import { IsoTime } from './iso-time.ts';
import { compileStrptime } from './strptime.ts';
import { SyslogTime, syslogTimeLength } from './syslog-time.ts';
import { readWhole, type TimePattern, TimePatternError } from './time-pattern.ts';
import type { TimeZone } from './time-zone.ts';
import { compileUnicodePattern } from './unicode-pattern.ts';

/** In milliseconds since 1970; undefined where the text is of another form. */
export type TimeReader = (text: string, receivedMs: number) => number | undefined;

const named: Readonly<Record<string, (zone: TimeZone) => TimeReader>> = {
  iso8601: isoReader,
  rfc3339: rfc3339Reader,
  rfc2822: (zone) =>
    firstOf(['EEE, d MMM yyyy HH:mm:ss z', 'd MMM yyyy HH:mm:ss z', 'EEE, d MMM yyyy HH:mm z', 'd MMM yyyy HH:mm z'], zone),
  http: (zone) => firstOf(['EEE, dd MMM yyyy HH:mm:ss z', 'EEEE, dd-MMM-yy HH:mm:ss z', 'EEE MMM dd HH:mm:ss yyyy'], zone),
  ctime: (zone) => firstOf(['EEE MMM dd HH:mm:ss yyyy', 'EEE MMM dd HH:mm:ss z yyyy'], zone),
  common_log: commonLogReader,
  syslog: syslogReader,
  epoch: () => (text) => epochMs(text, undefined),
  epoch_s: () => (text) => epochMs(text, 1000),
  epoch_ms: () => (text) => epochMs(text, 1),
  epoch_us: () => (text) => epochMs(text, 1 / 1000),
  epoch_ns: () => (text) => epochMs(text, 1 / 1_000_000),
};

export const timeFormatNames: readonly string[] = Object.keys(named);

/** Throws a TimePatternError. */
export function timeReader(format: string, zone: TimeZone): TimeReader {
  const make = Object.hasOwn(named, format) ? named[format] : undefined;
  if (make !== undefined) return make(zone);
  if (/^[a-z0-9_]+$/i.test(format) && !/^[yuMdDHhkKmsSaEeZzXxVOLn]+$/.test(format)) {
    throw new TimePatternError(`there is no format ${format}; there are ${timeFormatNames.join(', ')}, and patterns`);
  }
  return patternReader(format.includes('%') ? compileStrptime(format, zone) : compileUnicodePattern(format, zone));
}

function patternReader(pattern: TimePattern): TimeReader {
  return (text, receivedMs) => readWhole(pattern, text, receivedMs);
}

function firstOf(patterns: readonly string[], zone: TimeZone): TimeReader {
  const readers = patterns.map((pattern) => patternReader(compileUnicodePattern(pattern, zone)));
  return (text, receivedMs) => {
    for (const read of readers) {
      const found = read(text, receivedMs);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function isoReader(zone: TimeZone): TimeReader {
  const time = new IsoTime(zone);
  return (text) => {
    const found = time.at(text, 0, text.length);
    if (found !== undefined) return found;
    const usual = usualIsoForm(text);
    return usual === undefined ? undefined : time.at(usual, 0, usual.length);
  };
}

/** With a day, a time, and an offset with a colon. */
function rfc3339Reader(): TimeReader {
  const time = new IsoTime(undefined);
  return (text) =>
    text.length >= 20 && /(?:[Zz]|[+-]\d\d:\d\d)$/.test(text.slice(-6)) && !text.includes(',')
      ? time.at(text, 0, text.length)
      : undefined;
}

function commonLogReader(zone: TimeZone): TimeReader {
  const time = new CommonLogTime(zone);
  return (text) =>
    text.startsWith('[') && text.endsWith(']') ? time.at(text, 1, text.length - 1) : time.at(text, 0, text.length);
}

function syslogReader(zone: TimeZone): TimeReader {
  const time = new SyslogTime(zone);
  return (text, receivedMs) => (text.length === syslogTimeLength ? time.at(text, 0, receivedMs) : undefined);
}

/** Without a unit it is told by the size: seconds have up to eleven digits. */
function epochMs(text: string, msOfOne: number | undefined): number | undefined {
  if (!/^-?\d{1,20}(?:\.\d{1,20})?$/.test(text)) return undefined;
  const value = Number(text) * (msOfOne ?? unitOf(text));
  // What a Date can hold.
  return Math.abs(value) <= 8_640_000_000_000_000 ? roundedToNanoseconds(value) : undefined;
}

function unitOf(text: string): number {
  const digits = text.replace('-', '').replace(/\..*/, '').length;
  if (digits <= 11) return 1000;
  if (digits <= 14) return 1;
  return digits <= 17 ? 1 / 1000 : 1 / 1_000_000;
}

/** What multiplying adds behind the last digit that a double has is no part of the time. */
function roundedToNanoseconds(ms: number): number {
  const whole = Math.floor(ms);
  return whole === ms ? ms : whole + Math.round((ms - whole) * 1_000_000) / 1_000_000;
}
