/** A pipeline's thread for tests: never comes back from a batch of which a line is `hang`. */
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { decodeBlock } from '../processing/block.ts';
import { passThrough } from '../processing/pass-through.ts';
import { entriesOf, type PipelineContract } from '../processing/pipeline-contract.ts';

serveThread<PipelineContract>(
  {
    group: (calls) => {
      for (const call of calls) answer(call);
    },
  },
  1,
);

function answer(call: ThreadCall<PipelineContract>): void {
  const processed = passThrough(entriesOf(call.argument));
  const { block } = processed;
  if (block !== undefined && Buffer.from(decodeBlock(block.body, block.inflatedBytes).raw).includes('hang\n')) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  call.reply(processed, block === undefined ? [] : [block.body.buffer]);
}
