/** The ranges that wait to be sent, in their order; those that are to be tried again come back to the front when their wait is over. */
import { type Range, rangeBytes } from './piece.ts';

interface Waiting {
  readonly range: Range;
  readonly sinceMs: number;
}

interface Delayed {
  readonly range: Range;
  readonly atMs: number;
}

export class BulkQueue {
  #waiting: Waiting[] = [];
  #delayed: Delayed[] = [];
  #bytes = 0;
  #delayedBytes = 0;

  /** Of those that may go now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the first one came, by the clock it was added with; undefined where none may go. */
  get oldestMs(): number | undefined {
    return this.#waiting[0]?.sinceMs;
  }

  /** When the next one's wait is over. */
  get nextMs(): number | undefined {
    return this.#delayed[0]?.atMs;
  }

  /** Something waits for another try. */
  get isAnyDelayed(): boolean {
    return this.#delayed.length > 0;
  }

  /** Of those whose wait is not over. */
  get delayedBytes(): number {
    return this.#delayedBytes;
  }

  add(range: Range, nowMs: number): void {
    this.#waiting.push({ range, sinceMs: nowMs });
    this.#bytes += rangeBytes(range);
  }

  /** Before all others; `sinceMs` is so old that it goes at once. */
  addFirst(ranges: readonly Range[]): void {
    this.#waiting.unshift(...ranges.map((range) => ({ range, sinceMs: Number.NEGATIVE_INFINITY })));
    for (const range of ranges) this.#bytes += rangeBytes(range);
  }

  delay(range: Range, atMs: number): void {
    const place = this.#delayed.findIndex((one) => one.atMs > atMs);
    this.#delayed.splice(place === -1 ? this.#delayed.length : place, 0, { range, atMs });
    this.#delayedBytes += rangeBytes(range);
  }

  /** Those whose wait is over may go. */
  awaken(nowMs: number): void {
    const due = this.#delayed.findIndex(({ atMs }) => atMs > nowMs);
    const awake = this.#delayed.splice(0, due === -1 ? this.#delayed.length : due);
    for (const { range } of awake) this.#delayedBytes -= rangeBytes(range);
    this.addFirst(awake.map(({ range }) => range));
  }

  /** Up to so many bytes, at least one document; what does not fit as a whole is cut. */
  take(bytesMax: number): Range[] {
    const taken: Range[] = [];
    let bytes = 0;
    let count = 0;
    for (const { range } of this.#waiting) {
      const size = rangeBytes(range);
      if (bytes + size > bytesMax) {
        const part = firstPart(range, bytesMax - bytes, taken.length === 0);
        if (part !== undefined) {
          taken.push(part.taken);
          bytes += rangeBytes(part.taken);
          if (part.rest === undefined) count += 1;
          else this.#waiting[count] = { range: part.rest, sinceMs: this.#waiting[count]?.sinceMs ?? 0 };
        }
        break;
      }
      taken.push(range);
      bytes += size;
      count += 1;
    }
    this.#waiting.splice(0, count);
    this.#bytes -= bytes;
    return taken;
  }

  /** Forgets everything that is of pieces nobody waits for any more. */
  drop(isGone: (range: Range) => boolean): void {
    this.#waiting = this.#waiting.filter(({ range }) => !isGone(range));
    this.#delayed = this.#delayed.filter(({ range }) => !isGone(range));
    this.#bytes = bytesOf(this.#waiting);
    this.#delayedBytes = bytesOf(this.#delayed);
  }
}

function bytesOf(all: readonly { readonly range: Range }[]): number {
  return all.reduce((sum, { range }) => sum + rangeBytes(range), 0);
}

/** So much of a range as fits; one document in any case where `isAtLeastOne`. */
function firstPart(range: Range, bytesMax: number, isAtLeastOne: boolean): { taken: Range; rest: Range | undefined } | undefined {
  const { piece, from, to } = range;
  const start = piece.startOf(from);
  let low = from;
  let high = to;
  // The greatest end whose lines fit.
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (piece.endOf(middle - 1) - start <= bytesMax) low = middle;
    else high = middle - 1;
  }
  const end = low === from && isAtLeastOne ? from + 1 : low;
  if (end === from) return undefined;
  return { taken: { ...range, to: end }, rest: end === to ? undefined : { ...range, from: end } };
}
