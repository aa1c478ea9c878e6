/** The thread that unpacks batches and packs blocks: the only place where a record's bytes are looked at. */
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { passThrough } from './pass-through.ts';
import type { PipelineContract } from './pipeline-contract.ts';

serveThread<PipelineContract>(
  {
    group: (calls) => {
      for (const call of calls) answer(call);
    },
  },
  1,
);

function answer(call: ThreadCall<PipelineContract>): void {
  try {
    const processed = passThrough(call.argument);
    call.reply(processed, processed.kind === 'block' ? [processed.body.buffer] : []);
  } catch (error) {
    call.fail(error);
  }
}
