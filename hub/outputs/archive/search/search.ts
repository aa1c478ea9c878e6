/** A search whose results are bytes: lines as they were, or as JSON. */
import { SearchRun, type SearchRequest, type SearchSummary } from './search-run.ts';

/** Bytes of results that are gathered before they are given out, unless the search has to wait. */
const outputBytes = 256 * 1024;

/** Gives out parts of the result, in order; the summary comes at the end, as the generator's return value. */
export async function* searchArchive(request: SearchRequest): AsyncGenerator<Uint8Array, SearchSummary> {
  const run = new SearchRun(request);
  try {
    yield* results(run, request.limit ?? Infinity);
  } finally {
    await run.end();
  }
  return run.summary();
}

async function* results(run: SearchRun, limit: number): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  let left = limit;
  while (left > 0) {
    const due = run.next(left);
    if (due !== undefined) {
      parts.push(due.bytes);
      size += due.bytes.length;
      left -= due.rows;
    }
    if (size > 0 && (due === undefined || size >= outputBytes)) {
      yield Buffer.concat(parts);
      parts.length = 0;
      size = 0;
      // Frames may have come meanwhile, so it is looked again before anything is waited for.
      continue;
    }
    if (due !== undefined) continue;
    if (run.isOver) return;
    await run.wait();
  }
  if (size > 0) yield Buffer.concat(parts);
}
