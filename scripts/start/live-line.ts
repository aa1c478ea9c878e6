/** A line that is written over on a terminal; elsewhere a line of its own now and then, so that a log does not fill with it. */
interface Destination {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const quietEveryMs = 5_000;

export class LiveLine {
  readonly #out: Destination;
  readonly #now: () => number;
  #shownMs = -Infinity;
  #isOpen = false;

  constructor(out: Destination, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
  }

  show(text: string): void {
    if (this.#out.isTTY === true) {
      // A line longer than the terminal would be broken, and its first part could not be written over.
      this.#out.write(`\r\u001B[K${text.slice(0, widthOf(this.#out) - 1)}`);
      this.#isOpen = true;
      return;
    }
    const nowMs = this.#now();
    if (nowMs - this.#shownMs < quietEveryMs) return;
    this.#shownMs = nowMs;
    this.#out.write(`${text}\n`);
  }

  /** Takes the line away: what follows says it better. */
  clear(): void {
    if (this.#isOpen) this.#out.write('\r\u001B[K');
    this.#isOpen = false;
  }

  /** Before anything else is printed. */
  end(): void {
    if (this.#isOpen) this.#out.write('\n');
    this.#isOpen = false;
  }
}

/** A terminal that does not know its width says 0. */
function widthOf({ columns = 0 }: Destination): number {
  return columns > 0 ? columns : 80;
}

/** The rate between the first and the last of a few samples. */
export class Rate {
  readonly #samples: { readonly atMs: number; readonly lines: number; readonly bytes: number }[] = [];
  readonly #samplesMax: number;

  constructor(samplesMax = 5) {
    this.#samplesMax = samplesMax;
  }

  sample(atMs: number, counts: { readonly lines: number; readonly bytes: number }): void {
    this.#samples.push({ atMs, lines: counts.lines, bytes: counts.bytes });
    if (this.#samples.length > this.#samplesMax) this.#samples.shift();
  }

  /** Two samples make a rate. */
  get isKnown(): boolean {
    return this.#samples.length > 1;
  }

  text(): string {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1000;
    const perSecond = (from = 0, to = 0): number => (seconds > 0 ? (to - from) / seconds : 0);
    const megabytes = perSecond(first?.bytes, last?.bytes) / 1e6;
    return `${formatCount(perSecond(first?.lines, last?.lines))} lines/s, ${megabytes.toFixed(2)} MB/s`;
  }
}

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
