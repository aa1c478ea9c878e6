/** Which entries of a front topic are worked on together, and what is published of them. */
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { Entry, NewEntry } from '../queue/queue.ts';
import type { ProcessedBlock } from './batch-entry.ts';
import { bundleBytesMax, bundleEntriesMax, smallBytesMax, smallRecordsMax } from './limits.ts';

/** All of the entries in their order: small ones that follow each other together, every other one alone. */
export function bundlesOf(entries: readonly Entry[], entriesMax = bundleEntriesMax): Entry[][] {
  const bundles: Entry[][] = [];
  let open: Entry[] | undefined;
  let bytes = 0;
  for (const entry of entries) {
    const size = Math.max(entry.inflatedBytes, entry.body.length);
    const isSmall = size <= smallBytesMax && entry.records <= smallRecordsMax;
    if (isSmall && open !== undefined && open.length < entriesMax && bytes + size <= bundleBytesMax) {
      open.push(entry);
      bytes += size;
      continue;
    }
    const bundle = [entry];
    bundles.push(bundle);
    open = isSmall ? bundle : undefined;
    bytes = size;
  }
  return bundles;
}

/**
 * Of documents that were meant for another log type, which nobody reads: they stay in their own. It tells no positions, as the channel's own
 * block does that for all of them, so it goes before that: what is behind it has been passed by, too.
 */
export function stayingEntry(entries: readonly Entry[], block: ProcessedBlock): NewEntry {
  const entry = blockEntry(entries, block);
  return { ...entry, segments: entry.segments.map((segment) => ({ ...segment, to: segment.from, toMark: '' })) };
}

/** The block's entry keeps what the archive must know of positions; cuts, lengths and drops are in the block itself. */
export function blockEntry(entries: readonly Entry[], block: ProcessedBlock): NewEntry {
  const [first] = entries;
  assert(first !== undefined, 'a block is of something');
  return {
    format: 'block',
    records: block.records,
    inflatedBytes: block.inflatedBytes,
    // The first of any: whether a document may have been here before is told by this.
    createdMs: Math.min(...entries.map(({ createdMs }) => createdMs)),
    trims: [],
    hops: [],
    checksum: checksumOf(block.body),
    body: block.body,
    segments: block.kept.map((part) => {
      const segment = entries[part.entry]?.segments[part.segment];
      assert(segment !== undefined, 'the thread names segments of the batches');
      const fromMark = part.from === segment.from ? segment.fromMark : '';
      return {
        ...segment,
        from: part.from,
        fromMark,
        to: part.to,
        toMark: part.to === segment.to ? segment.toMark : '',
        records: part.records,
        bytes: part.bytes,
        cuts: [],
        lengths: [],
        drops: [],
      };
    }),
  };
}
