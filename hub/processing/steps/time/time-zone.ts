/**
 * From local time to UTC. Zones have the names of the IANA database, which Node brings along, or are an offset. Where a local time came
 * twice, the first one is meant, and where it was left out, the time as long behind the gap: as Temporal and most programs have it.
 */
import { dayMs, minuteMs } from './civil.ts';
import { fourDigits, isDigit, twoDigits } from './digits.ts';

export class TimeZone {
  readonly name: string;
  readonly #isFixed: boolean;
  #offsetMs: number;
  /** Local times for which the offset holds, a day away from the zone's transitions. */
  #from = Infinity;
  #to = -Infinity;
  #minute = NaN;
  #minuteOffsetMs = 0;

  private constructor(name: string, offsetMs: number | undefined) {
    this.name = name;
    this.#isFixed = offsetMs !== undefined;
    this.#offsetMs = offsetMs ?? 0;
  }

  static readonly utc = new TimeZone('UTC', 0);

  static fixed(offsetMs: number): TimeZone {
    return new TimeZone('offset', offsetMs);
  }

  /** `Europe/Vienna`, `UTC`, `+02:00`. Undefined where there is no such zone. */
  static named(name: string): TimeZone | undefined {
    const offset = offsetMsAt(name, 0, name.length);
    if (offset !== undefined) return new TimeZone(name, offset);
    try {
      const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
      return timeZone === 'UTC' ? TimeZone.utc : new TimeZone(timeZone, undefined);
    } catch {
      return undefined;
    }
  }

  /** `localMs`: the local time, as if it were UTC. */
  utcMs(localMs: number): number {
    if (this.#isFixed || (localMs >= this.#from && localMs <= this.#to)) return localMs - this.#offsetMs;
    const minute = Math.floor(localMs / minuteMs);
    if (minute !== this.#minute) this.#lookUp(minute);
    return localMs - this.#minuteOffsetMs;
  }

  #lookUp(minute: number): void {
    const localMs = minute * minuteMs;
    const plain = Temporal.Instant.fromEpochMilliseconds(localMs).toZonedDateTimeISO('UTC').toPlainDateTime();
    const zoned = plain.toZonedDateTime(this.name);
    this.#minute = minute;
    this.#minuteOffsetMs = localMs - zoned.epochMilliseconds;
    const from = (zoned.getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity) + 2 * dayMs;
    const to = (zoned.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity) - 2 * dayMs;
    if (localMs < from || localMs > to) return;
    this.#from = from;
    this.#to = to;
    this.#offsetMs = this.#minuteOffsetMs;
  }
}

/** All of `[from, to)`: `Z`, `+02`, `+0200`, `+02:00`, `-00:00`. */
export function offsetMsAt(text: string, from: number, to: number): number | undefined {
  const sign = text.charCodeAt(from);
  const length = to - from;
  if (length === 1) return sign === 90 || sign === 122 ? 0 : undefined;
  if (sign !== 43 && sign !== 45) return undefined;
  const minutes = offsetMinutes(text, from + 1, length - 1);
  if (minutes === undefined) return undefined;
  // Never -0.
  return sign === 45 ? 0 - minutes * minuteMs : minutes * minuteMs;
}

function offsetMinutes(text: string, at: number, length: number): number | undefined {
  const hours = twoDigits(text, at);
  if (hours < 0 || hours > 23) return undefined;
  if (length === 2) return hours * 60;
  const minutes = length === 4 ? fourDigits(text, at) - hours * 100 : twoDigits(text, at + 3);
  if (length !== 4 && (length !== 5 || text.charCodeAt(at + 2) !== 58)) return undefined;
  return minutes >= 0 && minutes < 60 ? hours * 60 + minutes : undefined;
}

/** Behind the offset that begins at `from`: `Z`, or a sign, digits, and digits behind a colon. */
export function offsetEnd(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === 90 || first === 122) return from + 1;
  if (first !== 43 && first !== 45) return from;
  let at = from + 1;
  while (at < from + 6 && (isDigit(text.charCodeAt(at)) || (at === from + 3 && text.charCodeAt(at) === 58))) at += 1;
  return at;
}
