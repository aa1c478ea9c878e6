import type { CheckHeld } from './still-held.ts';

/** What may go, one thing at a time. */
export interface Removal {
  /** Names it among those of its kind. */
  readonly subject: string;
  /** Undefined: the site's. */
  readonly tenant: string | undefined;
  readonly type: string | undefined;
  /** That are given back, as far as it is known. */
  readonly bytes: number;
  /** Half a sentence for people: since when, and what was kept for how long. */
  readonly why: string;
}

/** What came of a kind: a sentence about what could not be looked through. */
export interface PlanNote {
  readonly note: string;
}

/**
 * One kind of data. A plan is made of what is there now, so who was killed in the middle of it makes it again from what is left: `remove` takes
 * away what the plan is made of last.
 */
export interface HousekeepingKind<Own extends Removal = Removal> {
  readonly name: string;
  /** How many are removed side by side. */
  readonly atOnce: number;
  /** Done before it is planned, in a real run: what makes things old enough to go. */
  readonly prepare?: (nowMs: number, signal: AbortSignal) => Promise<void>;
  /** In the order in which they go. Changes nothing. */
  plan(nowMs: number): AsyncIterable<Own>;
  /** Resolves once it is gone for good; also where it had gone. Asks before each call that takes something away. */
  remove(removal: Own, check: CheckHeld): Promise<void>;
}
