/**
 * Leaves a batch out because of a quota: each of its segments becomes a gap of cause `dropped`, so that positions move on and the books
 * balance (invariant 8), and the batch is answered as if it were stored. The gaps reach the store in the order of the batches, as
 * appends do: one that begins behind what is held is refused like a batch that does.
 */
import type { AppendRequest, AppendResult, AppendSegment } from '@tributary/protocol/session/server-effect.ts';
import type { Queue, RecordedGap } from '../queue/queue.ts';
import type { QuotaGate } from './quota-gate.ts';

export async function dropBatch(
  queue: Pick<Queue, 'recordGap'>,
  quotas: QuotaGate,
  { channel, segments }: AppendRequest,
): Promise<AppendResult> {
  const asked = segments.map((segment) => {
    const { key, from, to, toMark } = segment;
    return queue.recordGap(key, { from, to, toMark, cause: 'dropped' });
  });
  const answers = await Promise.all(asked);
  const dropped = answers.map((answer, index) => droppedOf(segments[index], answer));
  const bytes = dropped.reduce((sum, size) => sum + size.bytes, 0);
  const records = dropped.reduce((sum, size) => sum + size.records, 0);
  const isNew = answers.some(({ recorded }) => recorded > 0);
  if (isNew) quotas.dropped(channel, { bytes, records });
  const ahead = segments.findIndex(({ to }, index) => (answers[index]?.held ?? 0) < to);
  const segment = segments[ahead];
  const answer = answers[ahead];
  if (segment === undefined || answer === undefined) return { kind: isNew ? 'stored' : 'duplicate' };
  const { held, heldMark } = answer;
  return { kind: 'refused', reason: 'position', key: segment.key, held, heldMark, hint: 'a part is missing before it' };
}

/** Of a segment that had partly arrived before, the share of its positions that had not. */
function droppedOf(segment: AppendSegment | undefined, { recorded }: RecordedGap): { bytes: number; records: number } {
  if (segment === undefined || recorded === 0) return { bytes: 0, records: 0 };
  const share = recorded / (segment.to - segment.from);
  return { bytes: Math.round(segment.bytes * share), records: Math.round(segment.records * share) };
}
