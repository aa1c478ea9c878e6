/**
 * Tells when the machine's clock was set: the difference between wall-clock time and time that never goes back jumps. Nothing of the
 * agent depends on wall-clock time going forward; people who look for lines by time want to know.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { clockJumpMsMin } from './limits.ts';

export class ClockWatch {
  readonly #clock: Clock;
  #differenceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#differenceMs = clock.now() - clock.monotonic();
  }

  /** By how much the clock was set since the last look; 0 for corrections. */
  look(): number {
    const differenceMs = this.#clock.now() - this.#clock.monotonic();
    const jumpedMs = differenceMs - this.#differenceMs;
    this.#differenceMs = differenceMs;
    return Math.abs(jumpedMs) < clockJumpMsMin ? 0 : jumpedMs;
  }
}

/** True when TZ names a zone that this machine's time zone data does not have: UTC is used then. */
export function isUnknownTimeZone(timeZone: string | undefined): boolean {
  if (timeZone === undefined || timeZone === '') return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timeZone.replace(/^:/, '') }).format(0) === '';
  } catch {
    return true;
  }
}
