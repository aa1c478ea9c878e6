/** A thread of a search: reads a frame of an object, inflates it, scans it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { compressionOf, freeFrame, inflateFrame } from '../frame-codec.ts';
import { createMatcher, limitBacktracking } from './matcher.ts';
import { scanFrame } from './scan-frame.ts';
import type { FrameTask, SearchContract, SearchThreadData } from './search-contract.ts';

limitBacktracking();
const { query, format }: SearchThreadData = workerData;
const matcher = createMatcher(query.pattern);

serveThread<SearchContract>(
  {
    group: (calls) => {
      for (const call of calls) answer(call);
    },
  },
  1,
);

function answer(call: ThreadCall<SearchContract>): void {
  try {
    const { path, channel, inflatedBytes, isFirst } = call.argument;
    const frame = inflateFrame(compressionOf(path), readFrame(call.argument), inflatedBytes);
    const result = scanFrame({ frame, channel, isFirst, query, matcher, format });
    // Left to the collector it would cost a tenth of the search.
    freeFrame(frame);
    call.reply(result, result.times.length === 0 ? [] : [result.bytes.buffer, result.times.buffer, result.ends.buffer]);
  } catch (error) {
    call.fail(error);
  }
}

function readFrame(task: FrameTask): Buffer {
  const file = openSync(task.path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(task.compressedBytes);
    const read = readSync(file, bytes, 0, bytes.length, task.offset);
    if (read !== bytes.length) throw new Error(`the file ends before byte ${task.offset + task.compressedBytes}`);
    return bytes;
  } finally {
    closeSync(file);
  }
}
