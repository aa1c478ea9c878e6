/** A block of documents that were made again: it says so, and whether the archive has their lines in the log type that it goes to. */
import { decodeBlock, encodeBlock, rawFrame } from '../../../processing/block.ts';
import type { MadeBlock } from './line-processor.ts';

export function restoredBlock(made: MadeBlock, isArchived: boolean): MadeBlock {
  const block = decodeBlock(made.body, made.inflatedBytes);
  const { receivedMs, streams, columns, fields, routes, raw, records } = block;
  const restored = { isArchived };
  const { body, inflatedBytes } = encodeBlock({ receivedMs, streams, columns, fields, routes, raw: rawFrame([raw]), restored });
  return { type: made.type, body, inflatedBytes, records };
}
