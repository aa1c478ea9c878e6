import { ownText } from '@tributary/shared/own-text.ts';

const textLengthMax = 256;
const resultsMax = 1000;

/**
 * What was made of texts that come again and again, such as names of servers. All is forgotten when there is no more room; where texts
 * were seldom seen twice until then nothing is kept any more, as to look for them takes longer than it saves.
 */
export class RepeatedResults<Result> {
  readonly #make: (text: string) => Result;
  #known: Map<string, Result> | undefined = new Map();
  #hits = 0;

  /** Makes the same of the same text each time. What it throws is thrown each time, too. */
  constructor(make: (text: string) => Result) {
    this.#make = make;
  }

  of(text: string): Result {
    if (this.#known === undefined || text.length > textLengthMax) return this.#make(text);
    const present = this.#known.get(text);
    if (present !== undefined) {
      this.#hits += 1;
      return present;
    }
    // What is kept, and parts of it that the result holds, would keep all of the lines in memory that the text was a part of.
    const own = ownText(text);
    const made = this.#make(own);
    this.#put(own, made);
    return made;
  }

  #put(text: string, made: Result): void {
    if (this.#known?.size === resultsMax) {
      this.#known = this.#hits < resultsMax ? undefined : new Map();
      this.#hits = 0;
    }
    this.#known?.set(text, made);
  }
}
