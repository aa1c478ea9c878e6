/**
 * Lengths of records are not kept in memory for everything that is retained: of a buffer full of syslog they would be many times what
 * else is known of it. A batch's are there while it is new, as it is sent soon after; later they are read from its row when they are
 * asked for, and kept for a moment, as whoever asks sends the batch.
 */
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import { lengthsInMemoryMax } from './limits.ts';

/** Of each segment of a batch. */
export type BatchLengths = readonly (readonly number[])[];

export class SegmentLengths {
  readonly #load: (batchId: number) => BatchLengths;
  /** The one that was put in or asked for last is the last. */
  readonly #kept = new Map<number, { readonly lengths: BatchLengths; readonly count: number }>();
  #keptCount = 0;

  constructor(load: (batchId: number) => BatchLengths) {
    this.#load = load;
  }

  /** The batch with lengths that are looked up; the same one where it has none. */
  withoutLengths(batch: OutboxBatch): OutboxBatch {
    if (batch.segments.every(({ lengths }) => lengths.length === 0)) return batch;
    this.forget(batch.id);
    this.#keep(
      batch.id,
      batch.segments.map(({ lengths }) => lengths),
    );
    const segments = batch.segments.map((segment, index) => this.#lookingUp(segment, { batchId: batch.id, index }));
    return { ...batch, segments };
  }

  forget(batchId: number): void {
    const kept = this.#kept.get(batchId);
    if (kept === undefined) return;
    this.#kept.delete(batchId);
    this.#keptCount -= kept.count;
  }

  /** Copies of it have the lengths themselves. */
  #lookingUp(segment: OutboxSegment, { batchId, index }: { readonly batchId: number; readonly index: number }): OutboxSegment {
    if (segment.lengths.length === 0) return segment;
    const lengthsOf = (): readonly number[] => this.#of(batchId)[index] ?? [];
    const { lengths: _, ...rest } = segment;
    return {
      ...rest,
      get lengths() {
        return lengthsOf();
      },
    };
  }

  #of(batchId: number): BatchLengths {
    const kept = this.#kept.get(batchId);
    if (kept !== undefined) return kept.lengths;
    const lengths = this.#load(batchId);
    this.#keep(batchId, lengths);
    return lengths;
  }

  #keep(batchId: number, lengths: BatchLengths): void {
    const count = lengths.reduce((sum, { length }) => sum + length, 0);
    this.#kept.set(batchId, { lengths, count });
    this.#keptCount += count;
    for (const oldest of this.#kept.keys()) {
      if (this.#keptCount <= lengthsInMemoryMax || oldest === batchId) break;
      this.forget(oldest);
    }
  }
}
