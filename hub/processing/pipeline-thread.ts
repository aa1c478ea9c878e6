/** The thread that unpacks batches and packs blocks: the only place where a record's bytes are looked at. */
import { runInBackground } from '@tributary/shared/async/linux-background-thread.ts';
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import { passThrough } from './pass-through.ts';
import { entriesOf, type PipelineContract } from './pipeline-contract.ts';

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
    const processed = passThrough(entriesOf(call.argument));
    call.reply(processed, processed.block === undefined ? [] : [processed.block.body.buffer]);
  } catch (error) {
    call.fail(error);
  }
}
