import * as limits from '../limits.ts';
import type { SessionLimits } from '../messages.ts';
import type { OutboxBatch, OutboxSegment } from './outbox.ts';

/** Whether what comes next at `position` is in this segment. */
export function fills(segment: OutboxSegment, position: number): boolean {
  return segment.from <= position && segment.to > position;
}

/** Whether the site takes a batch of this size. */
export function fitsLimits(batch: OutboxBatch, granted: SessionLimits): boolean {
  let headBytes = limits.batchHeadBytes;
  for (const { cuts, lengths, drops, host } of batch.segments) {
    headBytes += limits.segmentHeadBytesMax + cuts.length * limits.cutBytesMax;
    if (host !== undefined) headBytes += limits.segmentHostBytesMax;
    headBytes += lengths.length * limits.lengthBytesMax + drops.length * limits.dropBytesMax;
  }
  return (
    batch.segments.length <= granted.segmentsMax &&
    batch.records <= granted.recordsMax &&
    batch.inflatedBytes <= granted.inflatedBytesMax &&
    batch.bodyBytes + headBytes <= granted.frameBytesMax
  );
}
