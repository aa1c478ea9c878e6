/** A block of lines as a pipeline that changes nothing makes it, for tests of what reads back topics. */
import { encodeBlock, rawFrame } from '../processing/block.ts';
import type { Entry, StreamInfo } from '../queue/queue.ts';
import { streamInfo } from './records.ts';

export interface LineBlock {
  readonly receivedMs: number;
  /** With their terminators. */
  readonly lines: readonly Buffer[];
  readonly stream?: StreamInfo;
  /** Where in its stream the first of them is. */
  readonly from?: number;
}

export function lineBlock({ receivedMs, lines, stream = streamInfo(1), from = 0 }: LineBlock): ReturnType<typeof encodeBlock> {
  const { key, attributes, identity } = stream;
  return encodeBlock({
    receivedMs,
    streams: [{ key, attributes, path: identity.path, from }],
    columns: {
      stream: new Uint32Array(lines.length),
      skipped: new Float64Array(lines.length),
      ordinal: new Uint32Array(lines.length),
      flags: new Uint8Array(lines.length),
      length: Uint32Array.from(lines, (line) => line.length),
      event: undefined,
    },
    raw: rawFrame(lines),
  });
}

/** The same as an entry of a back topic. */
export function blockEntry(block: LineBlock, place: Pick<Entry, 'topic' | 'partition' | 'sequence'>): Entry {
  const { body, inflatedBytes } = lineBlock(block);
  const { receivedMs, lines } = block;
  const counts = { records: lines.length, inflatedBytes, bodyBytes: body.length };
  return { ...place, ...counts, format: 'block', receivedMs, createdMs: 0, segments: [], trims: [], hops: [], checksum: 0, body };
}
