import type { Cut, CutCause } from '@tributary/protocol/messages.ts';
import { type Framed, type FrameLimits, noCuts } from './framer.ts';

/** Collects the records of a framer that tells their lengths. */
export class FramedBuilder {
  readonly #limits: FrameLimits;
  readonly #lengths: number[] = [];
  #cuts: Cut[] | undefined;
  #isLines = true;
  #end = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Where the next record begins. */
  get end(): number {
    return this.#end;
  }

  get isFull(): boolean {
    return this.#lengths.length >= this.#limits.recordsMax;
  }

  /** Adds the record up to `end`; false when it is more than was asked for. `isLine`: it is one line, or a piece of one. */
  add(end: number, isLine: boolean, cut?: CutCause): boolean {
    if (this.isFull || end > this.#limits.bytesMax) return false;
    this.#lengths.push(end - this.#end);
    this.#end = end;
    if (!isLine) this.#isLines = false;
    if (cut !== undefined) {
      this.#cuts ??= [];
      this.#cuts.push({ offset: end, cause: cut });
    }
    return true;
  }

  framed(): Framed {
    return {
      end: this.#end,
      records: this.#lengths.length,
      cuts: this.#cuts ?? noCuts,
      isLines: this.#isLines,
      lengths: this.#lengths,
    };
  }
}
