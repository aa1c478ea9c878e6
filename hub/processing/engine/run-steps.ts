/**
 * One record through the steps of its pipeline. What comes of it: usually the record itself, changed; nothing, where a step dropped it;
 * several documents, where a step made them of it.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { CompiledPipeline } from '../definition/compile.ts';
import type { PipelineRecord } from '../record/record.ts';
import { StepError, type StepResult, type StepRun } from '../steps/step.ts';

/** The log type that records go to which a step could not work on. */
export const errorsType = 'errors';

/** Sums per step, in the order of the pipeline's. */
export interface StepCounts {
  readonly in: Float64Array;
  readonly failed: Float64Array;
  readonly dropped: Float64Array;
}

export interface StepsRun extends StepRun {
  readonly counts: StepCounts;
  /** Called before a step runs: where the thread is, should it never come back. Throws a StepError in the step's place. */
  readonly enter: (step: number) => void;
}

export function newStepCounts({ steps }: CompiledPipeline): StepCounts {
  const { length } = steps;
  return { in: new Float64Array(length), failed: new Float64Array(length), dropped: new Float64Array(length) };
}

/** Where documents go: an array, or whatever else takes them. */
export interface DocumentSink {
  push(document: PipelineRecord): unknown;
}

/** Pushes the documents to `out`, in their order; the first one has the record's own ordinal, others the numbers behind it. */
export function runSteps(pipeline: CompiledPipeline, record: PipelineRecord, run: StepsRun, out: DocumentSink): void {
  const work: Work = { pipeline, run, out, ordinals: record.ordinal };
  runFrom(work, record, 0);
}

interface Work {
  readonly pipeline: CompiledPipeline;
  readonly run: StepsRun;
  readonly out: DocumentSink;
  /** The greatest ordinal that was given. */
  ordinals: number;
}

function runFrom(work: Work, record: PipelineRecord, first: number): void {
  const { run, out } = work;
  const { steps, name } = work.pipeline;
  const { counts } = run;
  for (let index = first; index < steps.length; index += 1) {
    const compiled = steps[index];
    assert(compiled !== undefined, 'a pipeline has its steps in order');
    let result: StepResult;
    try {
      if (compiled.when !== undefined && !compiled.when.holds(record)) continue;
      counts.in[index] = (counts.in[index] ?? 0) + 1;
      run.enter(index);
      result = compiled.step.run(record, run);
    } catch (error) {
      counts.failed[index] = (counts.failed[index] ?? 0) + 1;
      if (compiled.onError === 'drop') return;
      noteFailure(record, { pipeline: name, step: compiled.name, error });
      if (compiled.onError === 'keep') continue;
      record.destination = { type: errorsType };
      break;
    }
    if (result === undefined) continue;
    if (result === 'drop' || result.length === 0) {
      counts.dropped[index] = (counts.dropped[index] ?? 0) + 1;
      return;
    }
    if (result.length === 1 && result[0] === record) continue;
    runEach(work, result, { after: index, of: record });
    return;
  }
  out.push(record);
}

/** Numbers are given when documents are made, so that none depends on what a later step drops. */
function runEach(
  work: Work,
  documents: readonly PipelineRecord[],
  { after, of }: { readonly after: number; readonly of: PipelineRecord },
): void {
  for (const [index, document] of documents.entries()) {
    if (index === 0) document.ordinal = of.ordinal;
    else {
      work.ordinals += 1;
      document.ordinal = work.ordinals;
    }
  }
  for (const document of documents) runFrom(work, document, after + 1);
}

/** What came of all steps, and cannot be written: told of the last one. Its bytes tell what it was. */
export function failWhole(pipeline: CompiledPipeline, record: PipelineRecord, { counts }: StepsRun, error: StepError): void {
  const last = pipeline.steps.at(-1);
  if (last !== undefined) counts.failed[last.index] = (counts.failed[last.index] ?? 0) + 1;
  record.replace({});
  noteFailure(record, { pipeline: pipeline.name, step: last?.name ?? '', error });
  record.destination = { type: errorsType };
}

function noteFailure(
  record: PipelineRecord,
  { pipeline, step, error }: { readonly pipeline: string; readonly step: string; readonly error: unknown },
): void {
  const message = error instanceof Error ? error.message : String(error);
  // What is no StepError is a fault of ours: the record is kept with it all the same.
  const type = error instanceof StepError ? error.type : 'internal';
  record.set(['error', 'message'], message);
  record.set(['error', 'type'], type);
  record.set(['tributary', 'pipeline', 'name'], pipeline);
  record.set(['tributary', 'pipeline', 'step'], step);
}
