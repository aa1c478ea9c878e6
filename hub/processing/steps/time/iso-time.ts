/** `2026-11-22T04:05:06.789Z`: RFC 3339, and the forms of ISO 8601 near it, with a space for the T, a comma for the point, no offset. */
import { midnightMs, timeOfDayMs } from './civil.ts';
import { digitsEnd, fourDigits, thousandths, twoDigits } from './digits.ts';
import { offsetMsAt, type TimeZone } from './time-zone.ts';

const dash = 45;
const colon = 58;
const dot = 46;
const comma = 44;
const space = 32;
/** `2026-11-22T04:05:` */
const minuteLength = 17;

export class IsoTime {
  readonly #zone: TimeZone | undefined;
  #minute = '';
  #localMs = 0;

  /** The zone is that of times that name no offset; they are refused where there is none. */
  constructor(zone: TimeZone | undefined) {
    this.#zone = zone;
  }

  /** All of `[from, to)`; undefined where it is no such time. */
  at(text: string, from: number, to: number): number | undefined {
    if (this.#minute === '' || !text.startsWith(this.#minute, from)) {
      if (to - from < minuteLength) return this.#shortAt(text, from, to);
      const localMs = minuteAt(text, from);
      if (localMs === undefined) return this.#shortAt(text, from, to);
      this.#minute = Buffer.from(text.slice(from, from + minuteLength), 'latin1').toString('latin1');
      this.#localMs = localMs;
    }
    const second = twoDigits(text, from + minuteLength);
    if (second < 0 || second > 60) return undefined;
    let at = from + minuteLength + 2;
    let localMs = this.#localMs + second * 1000;
    const mark = at < to ? text.charCodeAt(at) : 0;
    if (mark === dot || mark === comma) {
      const end = digitsEnd(text, at + 1);
      const fraction = thousandths(text, at + 1, end);
      if (fraction < 0 || end > to) return undefined;
      localMs += fraction;
      at = end;
    }
    return this.#inZone(localMs, text.charCodeAt(at) === space ? at + 1 : at, { text, to });
  }

  /** `2026-11-22`, and `2026-11-22T04:05` with and without an offset. */
  #shortAt(text: string, from: number, to: number): number | undefined {
    const midnight = dayAt(text, from);
    if (midnight === undefined) return undefined;
    if (to === from + 10) return this.#inZone(midnight, to, { text, to });
    if (to < from + 16 || !isBetweenDayAndTime(text.charCodeAt(from + 10)) || text.charCodeAt(from + 13) !== colon)
      return undefined;
    const time = timeOfDayMs(twoDigits(text, from + 11), twoDigits(text, from + 14), 0);
    return time === undefined ? undefined : this.#inZone(midnight + time, from + 16, { text, to });
  }

  #inZone(localMs: number, at: number, { text, to }: { text: string; to: number }): number | undefined {
    if (at === to) return this.#zone?.utcMs(localMs);
    const offset = at < to ? offsetMsAt(text, at, to) : undefined;
    return offset === undefined ? undefined : localMs - offset;
  }
}

function minuteAt(text: string, from: number): number | undefined {
  if (text.charCodeAt(from + 13) !== colon || text.charCodeAt(from + 16) !== colon) return undefined;
  if (!isBetweenDayAndTime(text.charCodeAt(from + 10))) return undefined;
  const midnight = dayAt(text, from);
  const time = timeOfDayMs(twoDigits(text, from + 11), twoDigits(text, from + 14), 0);
  return midnight === undefined || time === undefined ? undefined : midnight + time;
}

function dayAt(text: string, from: number): number | undefined {
  if (text.charCodeAt(from + 4) !== dash || text.charCodeAt(from + 7) !== dash) return undefined;
  return midnightMs(fourDigits(text, from), twoDigits(text, from + 5), twoDigits(text, from + 8));
}

/** `T`, `t` or a space. */
function isBetweenDayAndTime(code: number): boolean {
  return code === 84 || code === 116 || code === space;
}
