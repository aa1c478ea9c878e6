/** The part of an output that sends again what its destination refused once. */
import type { DeadLetter } from './dead-letter.ts';

export interface DeadLetterSender {
  /**
   * Sends letters again, each into its `index` under its `id`, and resolves with what became of each of them, in their order: `done`, or
   * the letter with the answer of this time; `tries` and `atMs` are the caller's to set. A document that is there already is `done`: the
   * same letters may come twice, as whoever sent them may have died before it was known. What is no answer for good (the destination
   * away, busy, the key wrong) is tried until `signal` is aborted, and rejects then.
   */
  send(letters: readonly DeadLetter[], signal: AbortSignal): Promise<readonly ('done' | DeadLetter)[]>;
}
