/**
 * What becomes of acked batches: their acks are written with the next append or soon, and they are deleted when the replay window is
 * over or the room is needed.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { ackDelayMs, type BufferLimits, removeGroupMax, retainedBatchesMax } from './limits.ts';
import type { RetainedIndex } from './retained-index.ts';

export interface RetentionParts {
  readonly index: RetainedIndex;
  readonly limits: BufferLimits;
  readonly clock: Clock;
  readonly hasSpace: () => boolean;
  readonly ack: (ids: readonly number[], atMs: number) => void;
  readonly remove: (ids: readonly number[]) => void;
}

export class Retention {
  readonly #parts: RetentionParts;
  #unwritten: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** False when all of them were acked before, or are not retained. */
  acked(batchIds: readonly number[]): boolean {
    const { index, clock, hasSpace } = this.#parts;
    const now = clock.now();
    const fresh = batchIds.filter((id) => index.ack(id, now));
    if (fresh.length === 0) return false;
    this.#unwritten.push(...fresh);
    if (hasSpace()) this.#timer ??= setTimeout(() => this.writeAcks(), ackDelayMs).unref();
    else this.writeAcks();
    return true;
  }

  writeAcks(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unwritten.length === 0) return;
    this.#parts.ack(this.#unwritten, this.#parts.clock.now());
    this.#unwritten = [];
  }

  /** Deletes what was acked and is past its window, or in the way; the replay window never holds up new batches. */
  trim(): void {
    const { index, clock, remove } = this.#parts;
    const now = clock.now();
    let group: number[] = [];
    for (let oldest = index.oldestAcked(); oldest !== undefined; oldest = index.oldestAcked()) {
      if (!this.#isExpired(oldest.ackedMs ?? now, now)) break;
      index.remove(oldest.batch.id);
      group.push(oldest.batch.id);
      if (group.length < removeGroupMax) continue;
      remove(group);
      group = [];
    }
    if (group.length > 0) remove(group);
  }

  #isExpired(ackedMs: number, now: number): boolean {
    const { index, limits, hasSpace } = this.#parts;
    const { replayWindowMs, replayMaxBytes, maxBytes } = limits;
    const { ackedBytes, unackedBytes, batches } = index;
    // A clock that was set back must not keep them for ever.
    const isOld = ackedMs + replayWindowMs <= now || ackedMs > now + replayWindowMs;
    const isMuch = ackedBytes > replayMaxBytes || ackedBytes + unackedBytes > maxBytes || batches > retainedBatchesMax;
    return isOld || isMuch || !hasSpace();
  }
}
