/** What CEF and LEEF have in common: a header of values with bars behind each, and perhaps syslog's before it. */
import type { MutableFields } from '../../record/fields.ts';
import { rfc5424Line } from '../syslog/rfc5424.ts';
import { syslogFields, type SyslogLine } from '../syslog/syslog-line.ts';
import { SyslogLines } from '../syslog/syslog.ts';
import { IsoTime } from '../time/iso-time.ts';
import type { TimeZone } from '../time/time-zone.ts';

/** Syslog's header is shorter. */
const prefixLengthMax = 1024;
const bar = 124;
const backslash = 92;

export interface EventStart {
  /** Behind `CEF:`. */
  readonly at: number;
  readonly fields: MutableFields;
  readonly eventMs: number | undefined;
}

export class EventStarts {
  readonly #mark: string;
  readonly #lines: SyslogLines;
  readonly #time = new IsoTime(undefined);

  constructor(mark: string, zone: TimeZone) {
    this.#mark = mark;
    this.#lines = new SyslogLines(zone);
  }

  /** Undefined where the mark is not there. What stands before it and is not of syslog is left out. */
  find(line: string, receivedMs: number): EventStart | undefined {
    const length = this.#mark.length;
    if (line.startsWith(this.#mark)) return { at: length, fields: {}, eventMs: undefined };
    const found = line.slice(0, prefixLengthMax).indexOf(` ${this.#mark}`);
    if (found < 0) return undefined;
    const header = this.#headerOf(line.slice(0, found + 1), receivedMs);
    return { at: found + 1 + length, fields: header === undefined ? {} : syslogFields(header), eventMs: header?.eventMs };
  }

  /** QRadar's documentation has headers of RFC 5424 that end behind the host. */
  #headerOf(prefix: string, receivedMs: number): SyslogLine | undefined {
    return (
      rfc5424Line(prefix, this.#time) ??
      rfc5424Line(`${prefix}- - - -`, this.#time) ??
      this.#lines.read(prefix, receivedMs, 'auto')
    );
  }
}

export interface HeaderValues {
  readonly values: readonly string[];
  /** Behind the last bar. */
  readonly end: number;
}

/** As many values as `count`; undefined where there are fewer bars. A backslash before a bar, or before itself, is none. */
export function headerValues(line: string, from: number, count: number): HeaderValues | undefined {
  const values: string[] = [];
  let start = from;
  for (let at = from; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === backslash) at += 1;
    if (code !== bar) continue;
    values.push(
      line
        .slice(start, at)
        .replaceAll(/\\([|\\])/g, '$1')
        .trim(),
    );
    start = at + 1;
    if (values.length === count) return { values, end: start };
  }
  return undefined;
}
