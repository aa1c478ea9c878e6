import type { Counters } from '../counters.ts';
import type { Rates } from './agent-status.ts';

interface Sample {
  readonly atMs: number;
  readonly counters: Counters;
}

const windowMs = 10_000;

/** Rates over the last ten seconds, from samples taken now and then. Draws no timer of its own. */
export class RateWindow {
  #samples: Sample[] = [];

  sample(atMs: number, counters: Counters): void {
    this.#samples.push({ atMs, counters: { ...counters } });
    while ((this.#samples[1]?.atMs ?? atMs) <= atMs - windowMs) this.#samples.shift();
  }

  rates(): Rates {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1000;
    if (first === undefined || last === undefined || seconds === 0) return { recordsRead: 0, bytesRead: 0, bytesSent: 0 };
    const rate = (name: keyof Rates): number => Math.round((last.counters[name] - first.counters[name]) / seconds);
    return { recordsRead: rate('recordsRead'), bytesRead: rate('bytesRead'), bytesSent: rate('bytesSent') };
  }
}
