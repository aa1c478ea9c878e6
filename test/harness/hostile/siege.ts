import { performance } from 'node:perf_hooks';
import type { Random } from '../random.ts';
import type { Attack, Sent } from './attacks.ts';

export interface SiegeOptions {
  /** Each lane runs one attack at a time. */
  readonly lanes: readonly (readonly Attack[])[];
  /** Frames and requests in all. */
  readonly frames: number;
  readonly random: Random;
  readonly isOver: () => boolean;
  readonly log: (line: string) => void;
}

const tellEveryMs = 10_000;

/** Runs attacks side by side until so many frames and requests were sent, each kind by its share of them. */
export class Siege {
  readonly #options: SiegeOptions;
  readonly sent = new Map<string, number>();
  total = 0;
  answered = 0;
  #toldMs = performance.now();

  constructor(options: SiegeOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { lanes, random } = this.#options;
    await Promise.all(lanes.map((attacks, index) => this.#lane(attacks, random.fork(index))));
  }

  async #lane(attacks: readonly Attack[], random: Random): Promise<void> {
    const { frames, isOver } = this.#options;
    while (this.total < frames && !isOver()) {
      const attack = this.#furthestBehind(attacks);
      this.#count(attack, await attack.run(random));
    }
  }

  /** By what it sent in proportion to its share: connections of one kind carry more than those of another. */
  #furthestBehind(attacks: readonly Attack[]): Attack {
    const done = (attack: Attack): number => (this.sent.get(attack.name) ?? 0) / attack.share;
    return attacks.reduce((least, attack) => (done(attack) < done(least) ? attack : least));
  }

  #count({ name }: Attack, { sent, answered }: Sent): void {
    this.sent.set(name, (this.sent.get(name) ?? 0) + sent);
    this.total += sent;
    this.answered += answered;
    const now = performance.now();
    if (now - this.#toldMs < tellEveryMs) return;
    this.#toldMs = now;
    this.#options.log(`${this.total} frames and requests sent, ${this.answered} answered`);
  }
}
