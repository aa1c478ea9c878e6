/** The thread that makes rows, compresses them and writes them: file work blocks only here. */
import { workerData } from 'node:worker_threads';
import { assert } from '@tributary/shared/assert.ts';
import { runInBackground } from '@tributary/shared/async/linux-background-thread.ts';
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { BlockError, decodeBlock } from '../../processing/block.ts';
import type { ArchiveContract, ArchiveEntry, ArchiveThreadData, RejectedEntry } from './archive-contract.ts';
import { FrameCiphers } from './frame-cipher.ts';
import { HeldRanges } from './held-ranges.ts';
import { ObjectWriter } from './object-writer.ts';
import { openStore } from './store/open-store.ts';

const { archive, crashPoint }: ArchiveThreadData = workerData;
armCrashPoint(crashPoint);
const store = openStore(archive.store);
const ciphers = new FrameCiphers(archive.encryption);

// After intake and pipelines.
runInBackground(15);

const open = new Map<number, ObjectWriter>();

serveThread<ArchiveContract>(
  {
    group: (calls) => {
      for (const call of calls) void answered(call);
    },
    end: () => void end(),
  },
  1,
);

/** Calls for one object are made one after the other; those of several overlap where the store is far away. */
async function answered(call: ThreadCall<ArchiveContract>): Promise<void> {
  try {
    await answer(call);
  } catch (error) {
    call.fail(error);
  }
}

async function end(): Promise<void> {
  await Promise.allSettled([...open.values()].map((writer) => writer.abort()));
  await store[Symbol.asyncDispose]();
}

async function answer(call: ThreadCall<ArchiveContract>): Promise<void> {
  switch (call.name) {
    case 'open': {
      const { id, name, held, output } = call.argument;
      open.set(id, new ObjectWriter(store, name, { held: new HeldRanges(held), output, ciphers }));
      call.reply(undefined);
      break;
    }
    case 'add':
      call.reply(addEntries(writerOf(call.argument.id), call.argument.entries));
      break;
    case 'seal': {
      const writer = writerOf(call.argument.id);
      await writer.seal();
      call.reply(writer.leftOut);
      break;
    }
    case 'finish': {
      const figures = await writerOf(call.argument.id).finish(call.argument.basis);
      open.delete(call.argument.id);
      call.reply(figures);
      break;
    }
    case 'checksum':
      call.reply(await store.checksum(call.argument.name));
      break;
    case 'abort':
      await open.get(call.argument.id)?.abort();
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
