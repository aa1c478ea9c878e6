/**
 * `Nov 22 04:05:06`: the time of RFC 3164, which has no year. It is of the year in which it is nearest below the time the record was
 * received, so that the same record always gives the same time; a clock may be up to a day ahead.
 */
import { dayMs, midnightMs, monthAt, timeOfDayMs } from './civil.ts';
import { twoDigits } from './digits.ts';
import type { TimeZone } from './time-zone.ts';

const space = 32;
const colon = 58;
/** `Nov 22 04:05:` */
const minuteLength = 13;
/** Between two leap days there may be eight years. */
const yearsBack = 8;

/** Length of such a time. */
export const syslogTimeLength = 15;

export class SyslogTime {
  readonly #zone: TimeZone;
  #minute = '';
  #receivedMs = NaN;
  #minuteMs = 0;

  constructor(zone: TimeZone) {
    this.#zone = zone;
  }

  /** Undefined where no such time begins at `from`. */
  at(text: string, from: number, receivedMs: number): number | undefined {
    if (this.#minute === '' || receivedMs !== this.#receivedMs || !text.startsWith(this.#minute, from)) {
      const minute = monthDayMinuteAt(text, from);
      const found = minute === undefined ? undefined : withYear(minute, this.#zone, receivedMs);
      if (found === undefined) return undefined;
      this.#minute = Buffer.from(text.slice(from, from + minuteLength), 'latin1').toString('latin1');
      this.#receivedMs = receivedMs;
      this.#minuteMs = found;
    }
    const second = twoDigits(text, from + minuteLength);
    return second < 0 || second > 60 ? undefined : this.#minuteMs + second * 1000;
  }
}

export interface TimeOfYear {
  readonly month: number;
  readonly day: number;
  /** Since midnight. */
  readonly timeMs: number;
}

/** In UTC. Undefined where no year has such a day. */
export function withYear({ month, day, timeMs }: TimeOfYear, zone: TimeZone, receivedMs: number): number | undefined {
  const latest = new Date(receivedMs).getUTCFullYear() + 1;
  for (let year = latest; year > latest - yearsBack - 2; year -= 1) {
    const midnight = midnightMs(year, month, day);
    if (midnight === undefined) continue;
    const utcMs = zone.utcMs(midnight + timeMs);
    if (utcMs <= receivedMs + dayMs) return utcMs;
  }
  return undefined;
}

function monthDayMinuteAt(text: string, from: number): TimeOfYear | undefined {
  const month = monthAt(text, from);
  if (month === 0 || text.charCodeAt(from + 3) !== space || text.charCodeAt(from + 6) !== space) return undefined;
  if (text.charCodeAt(from + 9) !== colon || text.charCodeAt(from + 12) !== colon) return undefined;
  // A day below 10 has a space for its first digit; some programs write a zero.
  const first = text.charCodeAt(from + 4) === space ? text.charCodeAt(from + 5) - 48 : twoDigits(text, from + 4);
  const timeMs = timeOfDayMs(twoDigits(text, from + 7), twoDigits(text, from + 10), 0);
  if (timeMs === undefined || !(first >= 1 && first <= 31)) return undefined;
  return { month, day: first, timeMs };
}
