import { marksDiffer } from '../mark.ts';
import type { Id, Mark } from '../messages.ts';
import type { Outbox, OutboxBatch, OutboxSegment } from './outbox.ts';

/** What the site's word on a stream means for what is in the outbox. */
export type Judgement =
  /** `first` is the oldest retained batch that goes beyond what the site has; undefined: it has everything. */
  | { readonly kind: 'fits'; readonly first: OutboxBatch | undefined }
  /** The site lacks the stream's end, and nothing of it is retained. */
  | { readonly kind: 'tail-lost'; readonly to: number; readonly toMark: Mark }
  | { readonly kind: 'ahead' }
  | { readonly kind: 'mark' };

/** Invariant 3, the sender's half: compares what the site holds of a stream with what was written and is retained here. */
export function judge(outbox: Outbox, streamId: Id, site: { held: number; heldMark: Mark }): Judgement {
  const stream = outbox.stream(streamId);
  if (stream === undefined) return { kind: 'fits', first: undefined };
  if (site.held > stream.end && stream.hasOtherWays !== true) return { kind: 'ahead' };
  const first = outbox.firstAfter(streamId, site.held);
  const segment = first === undefined ? undefined : firstSegmentAfter(first, streamId, site.held);
  if (marksDiffer(site.heldMark, knownMark(outbox, streamId, { held: site.held, segment }))) return { kind: 'mark' };
  if (first === undefined && site.held < stream.end) return { kind: 'tail-lost', to: stream.end, toMark: stream.endMark };
  return { kind: 'fits', first };
}

function knownMark(outbox: Outbox, streamId: Id, at: { held: number; segment: OutboxSegment | undefined }): Mark {
  if (at.segment !== undefined && at.segment.from === at.held) return at.segment.fromMark;
  return outbox.markAt(streamId, at.held) ?? '';
}

function firstSegmentAfter(batch: OutboxBatch, streamId: Id, position: number): OutboxSegment | undefined {
  return batch.segments.find((segment) => segment.streamId === streamId && segment.to > position);
}
