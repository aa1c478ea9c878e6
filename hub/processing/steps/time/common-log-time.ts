/** `22/Nov/2026:04:05:06`, with a fraction and an offset where there are such: the time of access logs and of HAProxy. */
import { dayMs, midnightMs, monthAt, timeOfDayMs } from './civil.ts';
import { digitsEnd, fourDigits, thousandths, twoDigits } from './digits.ts';
import { offsetMsAt, type TimeZone } from './time-zone.ts';

const slash = 47;
const colon = 58;
const dot = 46;
const space = 32;
/** `22/Nov/2026:04:05:` */
const minuteLength = 18;

export class CommonLogTime {
  readonly #zone: TimeZone;
  /** Most lines are of the minute of the line before: its text, and what it stands for, as if local time were UTC. */
  #minute = '';
  #localMs = 0;

  /** The zone is that of times that name no offset. */
  constructor(zone: TimeZone) {
    this.#zone = zone;
  }

  /** All of `[from, to)`; undefined where it is no such time. */
  at(text: string, from: number, to: number): number | undefined {
    if (this.#minute === '' || !text.startsWith(this.#minute, from)) {
      const localMs = minuteAt(text, from);
      if (localMs === undefined) return undefined;
      // Written by itself, or it would keep the whole of the line's text.
      this.#minute = Buffer.from(text.slice(from, from + minuteLength), 'latin1').toString('latin1');
      this.#localMs = localMs;
    }
    const second = twoDigits(text, from + minuteLength);
    if (second < 0 || second > 60) return undefined;
    let at = from + minuteLength + 2;
    let localMs = this.#localMs + second * 1000;
    if (at < to && text.charCodeAt(at) === dot) {
      const end = digitsEnd(text, at + 1);
      const fraction = thousandths(text, at + 1, end);
      if (fraction < 0 || end > to) return undefined;
      localMs += fraction;
      at = end;
    }
    if (at === to) return this.#zone.utcMs(localMs);
    if (at > to || text.charCodeAt(at) !== space) return undefined;
    const offset = offsetMsAt(text, at + 1, to);
    return offset === undefined ? undefined : localMs - offset;
  }
}

function minuteAt(text: string, from: number): number | undefined {
  if (text.charCodeAt(from + 2) !== slash || text.charCodeAt(from + 6) !== slash) return undefined;
  if (text.charCodeAt(from + 11) !== colon || text.charCodeAt(from + 14) !== colon || text.charCodeAt(from + 17) !== colon) {
    return undefined;
  }
  const midnight = midnightMs(fourDigits(text, from + 7), monthAt(text, from + 3), twoDigits(text, from));
  const time = timeOfDayMs(twoDigits(text, from + 12), twoDigits(text, from + 15), 0);
  return midnight === undefined || time === undefined || time >= dayMs ? undefined : midnight + time;
}
