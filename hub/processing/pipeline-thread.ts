/** The thread that unpacks batches, runs their records through the steps of pipelines, and packs blocks. */
import { workerData } from 'node:worker_threads';
import { runInBackground } from '@tributary/shared/async/linux-background-thread.ts';
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import type { Processed } from './batch-entry.ts';
import { processBatches } from './engine/process-batches.ts';
import { ThreadPipelines } from './engine/thread-pipelines.ts';
import { passThrough } from './pass-through.ts';
import { entriesOf, type PipelineContract, type ProcessArgument } from './pipeline-contract.ts';
import type { ThreadData } from './thread-data.ts';
import { ProgressWriter } from './thread-progress.ts';

const { set, progress: progressBuffer, scripts, crashPoint }: ThreadData = workerData;
armCrashPoint(crashPoint);
const progress = new ProgressWriter(progressBuffer);
const pipelines = new ThreadPipelines(set, scripts);

// Intake goes first: what is stored and acked can wait here, what is not cannot be let go by its sender.
runInBackground(10);

serveThread<PipelineContract>(
  {
    group: (calls) => {
      for (const call of calls) {
        answer(call);
        freeMemory(call.argument.bodies);
      }
    },
  },
  1,
);

function answer(call: ThreadCall<PipelineContract>): void {
  try {
    progress.beginCall(call.argument.call);
    const processed = process(call.argument);
    call.reply(processed, buffersOf(processed));
  } catch (error) {
    call.fail(error);
  } finally {
    progress.leave();
  }
}

/** What has no pipeline stays as it is, and is not looked at record by record. */
function process(argument: ProcessArgument): Processed {
  const { channel, failing, switchedOff } = argument;
  const entries = entriesOf(argument);
  const pipeline = pipelines.of(channel);
  if (pipeline === undefined) return passThrough(entries);
  const problems = (): ReturnType<ThreadPipelines['problemsOf']> => pipelines.problemsOf(pipeline.name);
  return processBatches(entries, { channel, pipeline, failing, switchedOff, progress, problems });
}

function buffersOf({ block, routed = [] }: Processed): ArrayBuffer[] {
  return [...(block === undefined ? [] : [block.body.buffer]), ...routed.map((one) => one.block.body.buffer)];
}
