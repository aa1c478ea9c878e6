import { zstdDecompressSync } from 'node:zlib';
import type { Id } from '@tributary/protocol/messages.ts';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';

export interface StoredRecord {
  readonly streamId: Id;
  /** Where it begins in its stream. */
  readonly position: number;
  /** With its line end, if it has one. */
  readonly bytes: Uint8Array;
}

const newline = 10;

/** The records of a batch, in order, as a hub would see them. */
export function* recordsOf(batch: OutboxBatch, body: Uint8Array): Generator<StoredRecord> {
  const inflated = zstdDecompressSync(body);
  let at = 0;
  for (const segment of batch.segments) {
    yield* recordsOfSegment(segment, inflated.subarray(at, at + segment.bytes));
    at += segment.bytes;
  }
}

function* recordsOfSegment(segment: OutboxSegment, bytes: Uint8Array): Generator<StoredRecord> {
  const { streamId, from, to, records, drops } = segment;
  const isCounted = segment.lengths.length > 0 && to - from === records;
  let begin = 0;
  let index = 0;
  let leftOut = 0;
  let drop = 0;
  for (const end of endsOf(segment, bytes)) {
    for (let next = drops[drop]; next !== undefined && next.offset <= begin; next = drops[drop]) {
      leftOut += next.span;
      drop += 1;
    }
    const position = isCounted ? from + index : from + begin + leftOut;
    yield { streamId, position, bytes: bytes.subarray(begin, end) };
    begin = end;
    index += 1;
  }
}

/** Where each record ends: by its length, or as a line; and where it was cut. */
function* endsOf({ lengths, cuts }: OutboxSegment, bytes: Uint8Array): Generator<number> {
  let end = 0;
  if (lengths.length > 0) {
    for (const length of lengths) yield (end += length);
    return;
  }
  const cutEnds = new Set(cuts.map(({ offset }) => offset));
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === newline || cutEnds.has(at + 1) || at + 1 === bytes.length) yield at + 1;
  }
}
