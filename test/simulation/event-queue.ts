/** Simulated time: what is due runs in order, and the clock jumps from one to the next. */
export class EventQueue {
  readonly #heap: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  #nowMs = 0;
  #order = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Runs `run` after `delayMs`; what is due at the same time runs in the order of these calls. */
  after(delayMs: number, run: () => void): void {
    this.#order += 1;
    this.#heap.push({ atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, run });
    this.#up(this.#heap.length - 1);
  }

  /** Runs the next thing. False: nothing is left, or it lies behind `untilMs`. */
  step(untilMs: number): boolean {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > untilMs) return false;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down();
    }
    this.#nowMs = first.atMs;
    first.run();
    return true;
  }

  #before(left: number, right: number): boolean {
    const first = this.#heap[left];
    const second = this.#heap[right];
    if (first === undefined || second === undefined) return first !== undefined;
    return first.atMs < second.atMs || (first.atMs === second.atMs && first.order < second.order);
  }

  #swap(left: number, right: number): void {
    const first = this.#heap[left];
    const second = this.#heap[right];
    if (first === undefined || second === undefined) return;
    this.#heap[left] = second;
    this.#heap[right] = first;
  }

  #up(start: number): void {
    for (let at = start; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(): void {
    for (let at = 0; ;) {
      const child = this.#before(2 * at + 2, 2 * at + 1) ? 2 * at + 2 : 2 * at + 1;
      if (!this.#before(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }
}
