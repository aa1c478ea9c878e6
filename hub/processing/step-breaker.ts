/**
 * Steps that ended their thread again and again: each time it costs the limit, a new thread, and the work of a batch anew. One that did so
 * too often within a while is switched off for a while; all of its records fail at once then. Afterwards it is on trial: the first record
 * that ends a thread switches it off again, until a while went by without one.
 *
 *   on ──(too often within a while)──► off ──(a while)──► on trial ──(a while)──► on
 *                                       ▲                    │
 *                                       └──────(once)────────┘
 */
import type { SwitchedOffStep } from './call-terms.ts';
import { stepEndsMax, stepEndsWithinMs, stepOffMs } from './limits.ts';

export interface BrokenStep {
  readonly pipeline: string;
  readonly step: number;
  readonly reason: string;
}

interface StepState {
  readonly pipeline: string;
  readonly step: number;
  /** When it ended a thread, as far as that counts. */
  endsMs: number[];
  reason: string;
  /** Undefined: it is on. */
  offUntilMs: number | undefined;
}

export class StepBreaker {
  readonly #monotonic: () => number;
  readonly #steps = new Map<string, StepState>();

  /** `monotonic`: a clock that is never set, in milliseconds. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** True when it is switched off now. */
  ended({ pipeline, step, reason }: BrokenStep): boolean {
    const now = this.#monotonic();
    const state = this.#steps.getOrInsertComputed(`${pipeline} ${step}`, () => {
      return { pipeline, step, endsMs: [], reason, offUntilMs: undefined };
    });
    const isOnTrial = state.offUntilMs !== undefined && now < state.offUntilMs + stepEndsWithinMs;
    // Some of its calls were under way when it was switched off.
    if (state.offUntilMs !== undefined && now < state.offUntilMs) return false;
    state.reason = reason;
    state.endsMs = [...state.endsMs.filter((endMs) => now - endMs < stepEndsWithinMs), now];
    if (!isOnTrial && state.endsMs.length < stepEndsMax) return false;
    state.offUntilMs = now + stepOffMs;
    state.endsMs = [];
    return true;
  }

  /** Of a pipeline, now. */
  switchedOff(pipeline: string): readonly SwitchedOffStep[] {
    return this.all()
      .filter((one) => one.pipeline === pipeline)
      .map(({ step, reason }) => ({ step, reason: `the step is switched off for a while: ${reason}` }));
  }

  /** All that are off now. */
  all(): readonly BrokenStep[] {
    if (this.#steps.size === 0) return [];
    const now = this.#monotonic();
    return [...this.#steps.values()].filter(({ offUntilMs }) => offUntilMs !== undefined && now < offUntilMs);
  }

  /** Of a pipeline that is another one now. */
  forget(pipeline: string): void {
    for (const [key, state] of this.#steps) if (state.pipeline === pipeline) this.#steps.delete(key);
  }
}
