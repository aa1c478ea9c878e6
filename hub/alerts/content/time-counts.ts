/** How many came when, in parts of time of one length. */
export class TimeCounts {
  readonly partMs: number;
  readonly #parts = new Map<number, number>();

  constructor(partMs: number) {
    this.partMs = Math.max(1, Math.ceil(partMs));
  }

  add(atMs: number, count: number): void {
    const part = Math.floor(atMs / this.partMs);
    this.#parts.set(part, (this.#parts.get(part) ?? 0) + count);
  }

  /** What came in the parts that begin at or after one time and before another. */
  sum(fromMs: number, toMs: number): number {
    let sum = 0;
    for (const [part, count] of this.#parts) if (part * this.partMs >= fromMs && part * this.partMs < toMs) sum += count;
    return sum;
  }

  forget(beforeMs: number): void {
    for (const part of this.#parts.keys()) if ((part + 1) * this.partMs <= beforeMs) this.#parts.delete(part);
  }
}
