import { randomBytes } from 'node:crypto';
import type { Id, Mark } from '@tributary/protocol/messages.ts';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { StreamState } from '../inputs/input.ts';
import type { WriterCalls } from './writer-contract.ts';

export interface ReplacementInput {
  readonly old: StreamState;
  readonly at: { readonly start: number; readonly position: number; readonly mark: Mark };
  /** Batches of the old stream that are stored and not acked. */
  readonly unacked: readonly OutboxBatch[];
  /** Batches that the writer was given and did not answer yet, of any stream. */
  readonly underWay: Iterable<OutboxBatch>;
}

/** The stream that takes the place of another, at the furthest position that anybody knows of, and the batches that go to it. */
export function planReplacement({ old, at, unacked, underWay }: ReplacementInput): WriterCalls['replaceStream']['argument'] {
  const isOld = ({ streamId }: OutboxSegment): boolean => streamId === old.streamId;
  const late = [...underWay].filter((batch) => batch.segments.some(isOld));
  const newest = late.at(-1)?.segments.findLast(isOld);
  const ends = [at, old, ...(newest === undefined ? [] : [{ position: newest.to, mark: newest.toMark }])];
  const { position, mark } = ends.reduce((furthest, end) => (end.position > furthest.position ? end : furthest));
  const stream = { ...old, streamId: newId(), start: at.start, position, mark };
  const rewritten = [...unacked, ...late].map((batch) => ({
    batchId: batch.id,
    segments: batch.segments.map((segment) => (isOld(segment) ? { ...segment, streamId: stream.streamId } : segment)),
  }));
  return { replaced: old.streamId, stream, rewritten };
}

export function newId(): Id {
  return randomBytes(16).toString('hex');
}
