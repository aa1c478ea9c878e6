/** How long the steps of a pipeline take, over many lines. */
import type { CompiledPipeline } from '../definition/compile.ts';
import { newStepCounts, runSteps, type StepsRun } from '../engine/run-steps.ts';
import { PipelineRecord, type RecordSource } from '../record/record.ts';

export interface StepProfile {
  readonly name: string;
  readonly kind: string;
  /** Records that it worked on. */
  readonly in: number;
  readonly failed: number;
  readonly dropped: number;
  /** With its condition, for all of the records. */
  readonly ms: number;
}

/** Below this, the first records cost more than those that follow. */
const msMin = 500;

/** Lines are gone through again and again until it is long enough, unless the pipeline remembers what it saw. */
export function profile(
  pipeline: CompiledPipeline,
  lines: readonly Uint8Array[],
  { source, enter }: { readonly source: RecordSource; readonly enter: StepsRun['enter'] },
): readonly StepProfile[] {
  const times = new Float64Array(pipeline.steps.length);
  const observed: CompiledPipeline = { ...pipeline, steps: pipeline.steps.map((step) => timed(step, times)) };
  const startedMs = performance.now();
  let counts = once(observed, lines, { source, enter });
  let rounds = 1;
  if (!pipeline.keepsState && lines.length > 0) {
    // The first time through is the slowest: code is compiled in it.
    times.fill(0);
    for (rounds = 0; rounds === 0 || performance.now() - startedMs < msMin; rounds += 1)
      counts = once(observed, lines, { source, enter });
  }
  return pipeline.steps.map(({ name, kind }, index) => ({
    name,
    kind,
    in: counts.in[index] ?? 0,
    failed: counts.failed[index] ?? 0,
    dropped: counts.dropped[index] ?? 0,
    ms: (times[index] ?? 0) / rounds,
  }));
}

function once(
  pipeline: CompiledPipeline,
  lines: readonly Uint8Array[],
  { source, enter }: { readonly source: RecordSource; readonly enter: StepsRun['enter'] },
): StepsRun['counts'] {
  const run: StepsRun = { counts: newStepCounts(pipeline), enter, count: () => undefined };
  const documents: PipelineRecord[] = [];
  let position = 0;
  for (const raw of lines) {
    runSteps(pipeline, new PipelineRecord({ source, raw }, position), run, documents);
    documents.length = 0;
    position += raw.length;
  }
  return run.counts;
}

type Step = CompiledPipeline['steps'][number];

function timed(compiled: Step, times: Float64Array): Step {
  const { index, step, when } = compiled;
  const measured = <Result>(run: () => Result): Result => {
    const startedMs = performance.now();
    try {
      return run();
    } finally {
      times[index] = (times[index] ?? 0) + performance.now() - startedMs;
    }
  };
  return {
    ...compiled,
    when: when && { text: when.text, holds: (record) => measured(() => when.holds(record)) },
    step: { ...step, run: (record, run) => measured(() => step.run(record, run)) },
  };
}
