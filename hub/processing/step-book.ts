/** How many records each step of each pipeline had, could not work on, and dropped: of what was committed, since the hub started. */
import type { ProcessReport, StepCounts } from './call-terms.ts';

export interface PipelineSums {
  readonly pipeline: string;
  /** In their order. Those of a pipeline that became another one begin anew. */
  readonly steps: readonly StepCounts[];
}

export class StepBook {
  readonly #sums = new Map<string, readonly StepCounts[]>();

  count({ pipeline, steps }: ProcessReport): void {
    const before = this.#sums.get(pipeline) ?? [];
    const isSame = before.length === steps.length && before.every(({ step }, index) => step === steps[index]?.step);
    this.#sums.set(pipeline, isSame ? before.map((sums, index) => sumOf(sums, steps[index])) : steps);
  }

  /** Forgets pipelines that there are no more. */
  keepOnly(pipelines: ReadonlySet<string>): void {
    for (const pipeline of this.#sums.keys()) if (!pipelines.has(pipeline)) this.#sums.delete(pipeline);
  }

  get all(): readonly PipelineSums[] {
    return [...this.#sums].map(([pipeline, steps]) => ({ pipeline, steps })).toSorted(byName);
  }
}

function sumOf(sums: StepCounts, more: StepCounts | undefined): StepCounts {
  if (more === undefined) return sums;
  return { step: sums.step, in: sums.in + more.in, failed: sums.failed + more.failed, dropped: sums.dropped + more.dropped };
}

function byName(one: PipelineSums, other: PipelineSums): number {
  return one.pipeline < other.pipeline ? -1 : 1;
}
