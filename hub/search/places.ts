/** How many of something run at a time, of each person and in all. */
import { SearchError } from './search-error.ts';

export interface PlacesMax {
  readonly each: number;
  readonly all: number;
  /** For people, in the plural. */
  readonly what: string;
}

export class Places {
  readonly #max: PlacesMax;
  readonly #taken = new Map<string, number>();

  constructor(max: PlacesMax) {
    this.#max = max;
  }

  /** Of all together. */
  get taken(): number {
    return [...this.#taken.values()].reduce((total, count) => total + count, 0);
  }

  /** Taken until it is disposed. Throws a SearchError where there is none. */
  take(name: string): Disposable {
    const { each, all, what } = this.#max;
    const own = this.#taken.get(name) ?? 0;
    const { taken: sum } = this;
    if (own >= each)
      throw new SearchError('too-many-searches', `${own} of your ${what} run now: end one, or wait for one to end`);
    if (sum >= all) throw new SearchError('too-many-searches', `${sum} ${what} run now: try again in a moment`);
    this.#taken.set(name, own + 1);
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (isTaken) this.#giveBack(name);
        isTaken = false;
      },
    };
  }

  #giveBack(name: string): void {
    const left = (this.#taken.get(name) ?? 1) - 1;
    if (left > 0) this.#taken.set(name, left);
    else this.#taken.delete(name);
  }
}
