import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from './retry.ts';

/** Over about so long the rate is looked at. */
const windowMs = 200;
const lookEveryMs = 20;

/**
 * A burst is what comes faster than `bytesPerSecondMax`: an agent that catches up, say. Whoever works on what is stored already
 * lets it pass, for a while: what is not acked yet fills the edges' disks and has its sender wait.
 */
export class Burst {
  readonly #clock: Clock;
  readonly #bytesPerSecondMax: number;
  #bytes = 0;
  #notedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, bytesPerSecondMax: number) {
    this.#clock = clock;
    this.#bytesPerSecondMax = bytesPerSecondMax;
  }

  note(bytes: number): void {
    this.#bytes = this.#recentBytes() + bytes;
    this.#notedMs = this.#clock.monotonic();
  }

  get isOn(): boolean {
    return this.#recentBytes() * (1000 / windowMs) > this.#bytesPerSecondMax;
  }

  /** Resolves when there is none, after `msMax`, or when aborted, with the milliseconds it waited. Never rejects. */
  async passed(msMax: number, signal: AbortSignal): Promise<number> {
    const sinceMs = this.#clock.monotonic();
    const waitedMs = (): number => this.#clock.monotonic() - sinceMs;
    while (this.isOn && !signal.aborted && waitedMs() < msMax) await pause(this.#clock, lookEveryMs, signal);
    return waitedMs();
  }

  /** What was noted weighs less and less. */
  #recentBytes(): number {
    return this.#bytes * Math.exp((this.#notedMs - this.#clock.monotonic()) / windowMs);
  }
}
