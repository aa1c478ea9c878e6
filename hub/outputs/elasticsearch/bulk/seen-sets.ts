/** The sets of metrics that the documents of some entries are of: known ones, new ones while there is room, and those without a name of their own. */
import type { MetricSetRules } from './bulk-contract.ts';

export class SeenSets {
  /** Of metrics that are of no set with a name of its own. */
  others = 0;
  readonly #known: ReadonlySet<string>;
  readonly #isFull: boolean;
  readonly #added = new Set<string>();

  constructor(rules: MetricSetRules | undefined) {
    this.#known = new Set(rules?.known);
    this.#isFull = rules?.isFull ?? false;
  }

  get added(): string[] {
    return [...this.#added];
  }

  takes(set: string): boolean {
    if (this.#known.has(set)) return true;
    if (this.#isFull) this.others += 1;
    else this.#added.add(set);
    return !this.#isFull;
  }
}
