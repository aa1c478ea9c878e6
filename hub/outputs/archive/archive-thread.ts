/** The thread that makes rows, compresses them and writes them: file work blocks only here. */
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { assert } from '@tributary/shared/assert.ts';
import { runInBackground } from '@tributary/shared/async/linux-background-thread.ts';
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { BlockError, decodeBlock } from '../../processing/block.ts';
import type { ArchiveContract, ArchiveEntry, RejectedEntry } from './archive-contract.ts';
import { checksumOf } from './durable-file.ts';
import { HeldRanges } from './held-ranges.ts';
import { ObjectWriter } from './object-writer.ts';

const { crashPoint }: { readonly crashPoint?: string } = workerData;
armCrashPoint(crashPoint);

// After intake and pipelines.
runInBackground(15);

const open = new Map<number, ObjectWriter>();

serveThread<ArchiveContract>(
  {
    group: (calls) => {
      for (const call of calls) {
        try {
          answer(call);
        } catch (error) {
          call.fail(error);
        }
      }
    },
    end: () => {
      for (const writer of open.values()) writer.abort();
    },
  },
  1,
);

function answer(call: ThreadCall<ArchiveContract>): void {
  switch (call.name) {
    case 'open': {
      const { id, folder, name, held } = call.argument;
      open.set(id, new ObjectWriter(folder, name, new HeldRanges(held)));
      call.reply(undefined);
      break;
    }
    case 'add':
      call.reply(addEntries(writerOf(call.argument.id), call.argument.entries));
      break;
    case 'seal':
      writerOf(call.argument.id).seal();
      call.reply(undefined);
      break;
    case 'finish': {
      const figures = writerOf(call.argument.id).finish(call.argument.basis);
      open.delete(call.argument.id);
      call.reply(figures);
      break;
    }
    case 'checksum':
      call.reply(checksumOf(join(call.argument.folder, call.argument.name)));
      break;
    case 'abort':
      open.get(call.argument.id)?.abort();
      open.delete(call.argument.id);
      call.reply(undefined);
      break;
  }
}

function writerOf(id: number): ObjectWriter {
  const writer = open.get(id);
  assert(writer !== undefined, 'an object is opened before it is written');
  return writer;
}

/** A block that cannot be read is left out and named: its entry is kept as a dead letter (invariant 6). */
function addEntries(writer: ObjectWriter, entries: readonly ArchiveEntry[]): RejectedEntry[] {
  const rejected: RejectedEntry[] = [];
  for (const { sequence, body, inflatedBytes } of entries) {
    try {
      writer.addBlock(decodeBlock(body, inflatedBytes));
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      rejected.push({ sequence, reason: error.message });
    }
  }
  return rejected;
}
