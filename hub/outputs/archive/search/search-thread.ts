/** A thread of searches: reads a frame of an object, inflates it, scans it. What waits for the archive is made rows of first. */
import { workerData } from 'node:worker_threads';
import { assert } from '@tributary/shared/assert.ts';
import { runInBackground } from '@tributary/shared/async/linux-background-thread.ts';
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { FrameCiphers } from '../frame-cipher.ts';
import { freeFrame } from '../frame-codec.ts';
import { openFrame } from '../open-frame.ts';
import { readFileRange } from '../store/folder-store.ts';
import { createMatcher, type FrameMatcher, limitBacktracking } from './matcher.ts';
import { rowsOfEntries } from './queue-rows.ts';
import { scanFrame } from './scan-frame.ts';
import type { FrameResult, FrameTask, SearchContract, SearchData, SearchThreadData } from './search-contract.ts';

limitBacktracking();
const { isBackground }: SearchThreadData = workerData;
// Somebody waits for it, but what is sent to the hub comes first.
if (isBackground) runInBackground(5);

interface OpenSearch {
  readonly data: SearchData;
  readonly ciphers: FrameCiphers;
  readonly matcher: FrameMatcher;
}

const searches = new Map<number, OpenSearch>();

serveThread<SearchContract>({ group: (calls) => calls.forEach(answer) }, 1);

function answer(call: ThreadCall<SearchContract>): void {
  try {
    const { search } = call.argument;
    if (call.name === 'begin') searches.set(search, opened(call.argument.data));
    else if (call.name === 'end') searches.delete(search);
    else {
      const open = searches.get(search);
      assert(open !== undefined, 'a search begins before its frames');
      const result = scanned(open, call.argument.task);
      call.reply(result, result.times.length === 0 ? [] : [result.bytes.buffer, result.times.buffer, result.ends.buffer]);
    }
  } catch (error) {
    call.fail(error);
  }
}

function opened(data: SearchData): OpenSearch {
  return { data, ciphers: new FrameCiphers(data.encryption), matcher: createMatcher(data.query.pattern) };
}

function scanned({ data, ciphers, matcher }: OpenSearch, task: FrameTask): FrameResult {
  const { name, channel, from, offset, compressedBytes, inflatedBytes, isFirst } = task;
  const { query, format, order, output } = data;
  const common = { channel, query, matcher, format, order };
  if (typeof from !== 'string' && !(from instanceof Uint8Array))
    return scanFrame({ ...common, frame: rowsOfEntries(from, output), isFirst: false });
  const bytes = typeof from === 'string' ? readFileRange(from, offset, compressedBytes) : from;
  const frame = openFrame(ciphers, bytes, { name, offset, inflatedBytes });
  const result = scanFrame({ ...common, frame, isFirst });
  // Left to the collector it would cost a tenth of the search.
  freeFrame(frame);
  return result;
}
