/** Rows of what waits in the queue for the archive, as the archive will write them: a search looks at both alike. */
import { BlockError, decodeBlock } from '../../../processing/block.ts';
import { BlockRows, RowBuffer } from '../row-format.ts';
import type { QueueEntry } from './search-contract.ts';

/** A frame without a header row. A block that cannot be read has none: the archive sets it aside, with the reason. */
export function rowsOfEntries(entries: readonly QueueEntry[], output: string | undefined): Buffer {
  const bytes = entries.reduce((sum, { inflatedBytes }) => sum + inflatedBytes, 0);
  const buffer = new RowBuffer(bytes + (bytes >> 1) + 1024);
  for (const { body, inflatedBytes } of entries) {
    try {
      const block = decodeBlock(body, inflatedBytes);
      if (block.restored?.isArchived !== true) buffer.appendRows(new BlockRows(block, undefined, output), Infinity);
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
    }
  }
  return buffer.take();
}
