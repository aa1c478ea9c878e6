/** How fast counters rise, over the last seconds. Sampled once a second by its owner. */
export interface Counters {
  readonly records: number;
  readonly bytes: number;
}

const samplesUnlessTold = 10;

export class Rates {
  readonly #samplesMax: number;
  readonly #samples: (Counters & { readonly atMs: number })[] = [];

  constructor(samplesMax = samplesUnlessTold) {
    this.#samplesMax = samplesMax;
  }

  sample(atMs: number, counters: Counters): void {
    this.#samples.push({ atMs, records: counters.records, bytes: counters.bytes });
    if (this.#samples.length > this.#samplesMax) this.#samples.shift();
  }

  /** Per second, between the oldest and the newest sample; zero before there are two. */
  perSecond(): Counters {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return { records: 0, bytes: 0 };
    const seconds = (last.atMs - first.atMs) / 1000;
    return {
      records: Math.round((last.records - first.records) / seconds),
      bytes: Math.round((last.bytes - first.bytes) / seconds),
    };
  }
}
