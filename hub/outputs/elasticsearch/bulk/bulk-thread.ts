/** The thread that makes lines of blocks. */
import { runInBackground } from '@tributary/shared/async/linux-background-thread.ts';
import { serveThread } from '@tributary/shared/async/thread-call.ts';
import { documentsOf } from '../../../processing/block-documents.ts';
import { BlockError, decodeBlock } from '../../../processing/block.ts';
import type { BulkContract, Lines } from './bulk-contract.ts';
import { DocumentLines } from './document-lines.ts';

/** Beside the archive. */
runInBackground(15);

/** Fields, names and ids come to what was in the block. */
const growth = 2;

serveThread<BulkContract>(
  {
    group: (calls) => {
      for (const call of calls) {
        try {
          const lines = linesOf(call.argument);
          call.reply(lines, [lines.bytes.buffer, lines.ends.buffer]);
        } catch (error) {
          call.fail(error);
        }
      }
    },
  },
  1,
);

/** A block that cannot be read is left out and named: its entry is kept as a dead letter (invariant 6). */
function linesOf({ channel, rules, metricSets, entries }: BulkContract['lines']['argument']): Lines {
  const expected = growth * entries.reduce((sum, { inflatedBytes }) => sum + inflatedBytes, 0);
  const lines = new DocumentLines(channel, { ...rules, metricSets }, expected);
  const rejected: { sequence: number; reason: string }[] = [];
  let isRestored = false;
  for (const { sequence, body, inflatedBytes } of entries) {
    const takeBack = lines.mark();
    try {
      const block = decodeBlock(body, inflatedBytes);
      isRestored ||= block.restored !== undefined;
      for (const document of documentsOf(block)) lines.add(document);
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      takeBack();
      rejected.push({ sequence, reason: error.message });
    }
  }
  return lines.finish({ rejected, isRestored });
}
