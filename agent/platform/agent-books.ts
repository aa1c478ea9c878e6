/**
 * The agent's books in records. What it read is counted where inputs push it; what became of it where batches are stored, acknowledged,
 * dropped and set aside: so `unaccounted` is a check of the one by the other.
 */
import type { AgentBooks } from '@tributary/protocol/platform/agent-measured.ts';
import type { BufferedRecords } from '../buffer/buffer.ts';
import type { Counters } from '../counters.ts';

export interface BookedAgent {
  readonly counters: Pick<Counters, 'recordsRead' | 'recordsSkipped' | 'filtered'>;
  readonly batcher: { readonly stagedRecords: number };
  readonly buffer: { status(): { readonly records: BufferedRecords } };
}

export function agentBooks({ counters, batcher, buffer }: BookedAgent): AgentBooks {
  const { found, acked, unacked, dropped, rejected } = buffer.status().records;
  const filtered = counters.filtered.excluded + counters.filtered.sampledOut;
  const read = found + counters.recordsRead + filtered;
  const buffered = unacked + batcher.stagedRecords;
  const full = counters.recordsSkipped + dropped;
  const lost = { ...(full > 0 && { 'buffer-full': full }), ...(rejected > 0 && { rejected }) };
  return { read, acked, buffered, filtered, lost, unaccounted: read - acked - buffered - filtered - full - rejected };
}
