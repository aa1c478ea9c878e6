/**
 * The numbers of one run of an agent's input that were found in one store: stretches without a gap, in their order. What one missing number costs is one stretch more,
 * however long it is missing.
 *
 * Numbers are received in their order as a rule, so what is missing between two stretches was received between them. One that comes later than those behind it must
 * not move these bounds past what is still missing: `afterMs` is never estimated too late, `beforeMs` never too early.
 */
import { doubledMax, stretchesMax } from './limits.ts';

interface Stretch {
  from: number;
  to: number;
  /** What is missing before it was received until then. */
  beforeMs: number;
  /** What is missing after it was received from then on. */
  afterMs: number;
}

/** When what is missing was received, if it was. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface FoundNumber {
  readonly sequence: number;
  readonly receivedMs: number;
  readonly intervalMs: number;
  readonly isLast: boolean;
}

export class CanaryRun {
  /** The first of them begins with what was before the run was known, or with nothing. */
  readonly #stretches: [Stretch, ...Stretch[]];
  readonly #doubled = new Map<number, number>();
  #intervalMs: number;
  #highest: number;
  #highestMs: number;
  #isEnded = false;

  /** Up to `upTo` nothing is missed. */
  constructor({ receivedMs, sequence, intervalMs }: FoundNumber, upTo: number) {
    this.#intervalMs = intervalMs;
    const upToMs = receivedMs - (sequence - upTo) * intervalMs;
    this.#stretches = [{ from: 0, to: upTo, beforeMs: upToMs, afterMs: upToMs }];
    [this.#highest, this.#highestMs] = [upTo, receivedMs];
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** When the greatest number was received. */
  get highestMs(): number {
    return this.#highestMs;
  }

  /** None comes after the greatest. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  get doubled(): number {
    return this.#doubled.size;
  }

  /** False: it was known already. */
  take({ sequence, receivedMs, intervalMs, isLast }: FoundNumber): boolean {
    this.#intervalMs = intervalMs;
    if (isLast) this.#isEnded = true;
    if (sequence > this.#highest) [this.#highest, this.#highestMs] = [sequence, receivedMs];
    const index = this.#stretches.findLastIndex(({ from }) => from <= sequence);
    const [here, next] = [this.#stretches[index], this.#stretches[index + 1]];
    if (here === undefined || sequence <= here.to) return false;
    this.#put({ sequence, receivedMs, index }, here, next);
    if (this.#stretches.length > stretchesMax) this.#giveUpFirst();
    return true;
  }

  double(sequence: number, receivedMs: number): void {
    if (this.#doubled.size < doubledMax) this.#doubled.set(sequence, receivedMs);
  }

  gaps(): Gap[] {
    return this.#pairs().map(([{ afterMs }, { beforeMs }]) => {
      return { fromMs: Math.min(afterMs, beforeMs), toMs: Math.max(afterMs, beforeMs) };
    });
  }

  /** Numbers before one that was received before that: how many, and the first few. They are never listed: who writes a number chooses how great it is. */
  late(beforeMs: number, namedMax: number): { readonly count: number; readonly first: readonly number[] } {
    let count = 0;
    const first: number[] = [];
    for (const [here, next] of this.#pairs().filter((pair) => pair[1].beforeMs < beforeMs)) {
      count += next.from - here.to - 1;
      for (let missing = here.to + 1; missing < next.from && first.length < namedMax; missing += 1) first.push(missing);
    }
    return { count, first };
  }

  /** What was missed or doubled before that is not told any more. */
  forget(beforeMs: number): void {
    for (const [sequence, receivedMs] of this.#doubled) if (receivedMs < beforeMs) this.#doubled.delete(sequence);
    while ((this.#stretches[1]?.beforeMs ?? Infinity) < beforeMs) this.#giveUpFirst();
  }

  #put(
    { sequence, receivedMs, index }: { readonly sequence: number; readonly receivedMs: number; readonly index: number },
    here: Stretch,
    next: Stretch | undefined,
  ): void {
    const beforeMs = Math.min(receivedMs, next?.beforeMs ?? Infinity);
    const expectedMs = here.afterMs + (sequence - here.to) * this.#intervalMs;
    const afterMs = next === undefined ? receivedMs : Math.min(beforeMs, expectedMs);
    const joinsHere = sequence === here.to + 1;
    const joinsNext = next?.from === sequence + 1;
    if (next !== undefined && joinsHere && joinsNext) {
      Object.assign(here, { to: next.to, afterMs: next.afterMs });
      this.#stretches.splice(index + 1, 1);
    } else if (joinsHere) Object.assign(here, { to: sequence, afterMs });
    else if (next !== undefined && joinsNext) Object.assign(next, { from: sequence, beforeMs });
    else this.#stretches.splice(index + 1, 0, { from: sequence, to: sequence, beforeMs, afterMs });
  }

  #pairs(): (readonly [Stretch, Stretch])[] {
    return this.#stretches.flatMap((here, index) => {
      const next = this.#stretches[index + 1];
      return next === undefined ? [] : [[here, next] as const];
    });
  }

  #giveUpFirst(): void {
    const [first, second] = this.#stretches;
    if (second === undefined) return;
    Object.assign(first, { to: second.to, afterMs: second.afterMs });
    this.#stretches.splice(1, 1);
  }
}
