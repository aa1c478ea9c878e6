/** The thread in which pipelines are tried: one that hangs, or takes all memory, does that here. */
import { workerData } from 'node:worker_threads';
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { ConfigError } from '@tributary/shared/options/config-file.ts';
import type { CompiledPipeline } from '../definition/compile.ts';
import { ProgressWriter } from '../thread-progress.ts';
import { compileTrial } from './compile-trial.ts';
import { PipelineTrial, recordSource } from './pipeline-trial.ts';
import { profile } from './profile.ts';
import { stepLines } from './step-lines.ts';
import type { Opened, OpenRequest, TrialContract, TrialThreadData, TryRequest, TryResult } from './trial-contract.ts';

const { progress: progressBuffer, scriptTimeLimitMs }: TrialThreadData = workerData;
const progress = new ProgressWriter(progressBuffer);

interface Open {
  readonly request: OpenRequest;
  readonly pipeline: CompiledPipeline;
  readonly trial: PipelineTrial;
}

let opened: Open | undefined;
let told: string[] = [];

serveThread<TrialContract>({ group: (calls) => calls.forEach(answer) }, 1);

function answer(call: ThreadCall<TrialContract>): void {
  try {
    progress.beginCall(1);
    if (call.name === 'open') call.reply(open(call.argument));
    else if (call.name === 'try') call.reply(tryLines(call.argument));
    else call.reply(profileLines(call.argument));
  } catch (error) {
    call.fail(error);
  } finally {
    progress.leave();
  }
}

function open(request: OpenRequest): Opened {
  try {
    const pipeline = madeBefore(request) ?? makeAnew(request);
    const trial = new PipelineTrial({ pipeline, meta: request.meta, enter });
    opened = { request, pipeline, trial };
    const lines = stepLines(pipeline.source, pipeline.steps);
    const steps = pipeline.steps.map(({ name, kind, index }) => ({ name, kind, line: lines[index] }));
    return { steps, keepsState: pipeline.keepsState };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.message };
    throw error;
  }
}

function madeBefore({ isSame }: OpenRequest): CompiledPipeline | undefined {
  return isSame && opened?.pipeline.keepsState === false ? opened.pipeline : undefined;
}

function makeAnew({ source }: OpenRequest): CompiledPipeline {
  opened?.pipeline[Symbol.dispose]();
  opened = undefined;
  return compileTrial(source, { timeLimitMs: scriptTimeLimitMs }, (problem) => void told.push(problem));
}

function tryLines({ lines, failing }: TryRequest): TryResult {
  const { trial } = theOpen();
  const tried = lines.map((line, index) => {
    progress.beginRecord(0, index);
    return trial.try(
      line,
      failing.filter((one) => one.line === index),
    );
  });
  const news = told;
  told = [];
  return { lines: tried, told: news };
}

function profileLines(lines: readonly Uint8Array[]): ReturnType<typeof profile> {
  const { pipeline, request } = theOpen();
  progress.beginRecord(0, 0);
  return profile(pipeline, lines, { source: recordSource(request.meta), enter: (step) => enter(step, limitOf(pipeline, step)) });
}

function limitOf({ steps }: CompiledPipeline, step: number): number {
  return steps[step]?.step.timeLimitMs ?? 0;
}

function enter(step: number, limitMs: number): void {
  progress.beginStep(step, limitMs);
}

function theOpen(): Open {
  if (opened === undefined) throw new Error('no pipeline is open');
  return opened;
}
