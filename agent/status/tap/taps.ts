import type { Run } from '../../inputs/input.ts';

/** Who looks at what is pushed. Without anybody a run costs one look at an empty set. */
export class Taps {
  readonly #lookers = new Set<(run: Run) => void>();

  /** The looker is called during the push, and must be quick. */
  add(looker: (run: Run) => void): Disposable {
    this.#lookers.add(looker);
    return { [Symbol.dispose]: () => void this.#lookers.delete(looker) };
  }

  get count(): number {
    return this.#lookers.size;
  }

  offer(run: Run): void {
    for (const look of this.#lookers) look(run);
  }
}
