/**
 * The archive's index as it was a moment ago: a page asks for records, counts and facets at once, and an index may be long. What was archived
 * meanwhile is still in the queue, and found there.
 */
import type { ArchiveObject, Queue } from '../../queue/queue.ts';

const keptMs = 1000;

export function recentIndex(
  queue: Pick<Queue, 'archiveObjects'>,
  monotonic: () => number,
): () => Promise<readonly ArchiveObject[]> {
  let kept: { readonly index: Promise<readonly ArchiveObject[]>; readonly readMs: number } | undefined;
  return () => {
    if (kept !== undefined && monotonic() - kept.readMs < keptMs) return kept.index;
    const index = queue.archiveObjects();
    const own = { index, readMs: monotonic() };
    kept = own;
    const forget = (): void => {
      if (kept === own) kept = undefined;
    };
    // Nobody keeps it in memory for long, nor a failure.
    index.then(() => setTimeout(forget, keptMs).unref(), forget);
    return index;
  };
}
