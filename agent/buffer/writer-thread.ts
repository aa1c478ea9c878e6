/** The writer's thread: opens the store when told, then hands groups of calls to the writer. */
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { assert } from '@tributary/shared/assert.ts';
import { serveThread } from '@tributary/shared/async/thread-call.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { ReserveFile } from '@tributary/shared/sqlite/reserve-file.ts';
import { openStore } from './open-store.ts';
import type { WriterCalls, WriterEvent } from './writer-contract.ts';
import { BufferWriter, type WriterCall } from './writer.ts';

const { crashPoint }: { readonly crashPoint?: string } = workerData;
armCrashPoint(crashPoint);

let writer: BufferWriter | undefined;
let timer: NodeJS.Timeout | undefined;

const server = serveThread<WriterCalls, WriterEvent>({
  group: (calls) => {
    const [first, ...rest] = calls;
    if (writer !== undefined) writer.group(calls);
    else if (first?.name === 'open') {
      open(first);
      assert(rest.length === 0, 'nothing is asked before the store is open');
    }
  },
  end: () => {
    clearTimeout(timer);
    writer?.end();
  },
});

function open(call: Extract<WriterCall, { name: 'open' }>): void {
  const { folder, reserveBytes } = call.argument;
  const reserve = { file: new ReserveFile(join(folder, 'reserve'), reserveBytes), bytes: reserveBytes };
  try {
    const { db, report } = openStore(folder, reserve);
    writer = new BufferWriter(db, reserve, {
      emit: (event) => server.emit(event),
      wake: (ms, run) => {
        clearTimeout(timer);
        timer = setTimeout(run, ms).unref();
      },
      freeBytes: () => {
        const { bavail, bsize } = statfsSync(folder);
        return bavail * bsize;
      },
    });
    writer.start();
    call.reply(report);
  } catch (error) {
    call.fail(error);
  }
}
