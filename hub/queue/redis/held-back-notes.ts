/** Who was held back within the last minutes, as this hub saw it. */
import type { Allowances } from '../allowances.ts';
import type { HeldBack } from '../queue.ts';

/** Who is held back tries again each half minute: who did not for longer is not, any more. */
const heldBackKeptMs = 5 * 60_000;
const heldBackMax = 1000;

export class HeldBackNotes {
  readonly #allowances: Allowances;
  readonly #notes = new Map<string, HeldBack>();

  constructor(allowances: Allowances) {
    this.#allowances = allowances;
  }

  current(nowMs: number): readonly HeldBack[] {
    for (const held of this.#allowances.takeNotes()) {
      const name = `${held.cause} ${held.subject}`;
      if (this.#notes.has(name) || this.#notes.size < heldBackMax) this.#notes.set(name, held);
    }
    for (const [name, { atMs }] of this.#notes) if (nowMs - atMs > heldBackKeptMs) this.#notes.delete(name);
    return [...this.#notes.values()];
  }
}
