/** A thread that redacts, for tests: never comes back from records that are `hang`, and leaves all others as they are. */
import { serveThread } from '@tributary/shared/async/thread-call.ts';
import type { RedactionContract } from '../redaction/redaction-contract.ts';

serveThread<RedactionContract>(
  {
    group: (calls) => {
      for (const call of calls) {
        if (call.name === 'body') {
          call.reply(undefined, []);
          continue;
        }
        const { bytes } = call.argument;
        if (Buffer.from(bytes).equals(Buffer.from('hang\n'))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        call.reply(bytes, [bytes.buffer]);
      }
    },
  },
  1,
);
