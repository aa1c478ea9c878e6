/**
 * Whether there is room for more, for each way of overflowing, and those who wait for it.
 *
 * Batches of platform events (`reserve`) have room of their own, which nothing else uses, so that events about a full buffer still
 * fit, and those about a full disk: there the writer gives them its reserve file. All others share what the operator allows, and have no room
 * on a full disk.
 */
import { once } from 'node:events';
import type { Overflow } from '../inputs/input.ts';
import { type BufferLimits, reserveClassBatchesMax, reserveClassBytesMax, retainedBatchesMax } from './limits.ts';
import { chargeOf, type RetainedIndex } from './retained-index.ts';

export interface RoomParts {
  readonly index: RetainedIndex;
  readonly limits: BufferLimits;
  /** Then nobody waits any more. */
  readonly isBroken: () => boolean;
}

const overflows: readonly Overflow[] = ['block', 'drop_newest', 'drop_oldest', 'reserve'];

export class Room {
  readonly #parts: RoomParts;
  readonly #gate = new EventTarget();
  readonly #listeners: (() => void)[] = [];
  readonly #underWay = { shared: { bytes: 0, batches: 0 }, reserve: { bytes: 0, batches: 0 } };
  #answers: readonly boolean[] = overflows.map(() => true);
  #hasSpace = true;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** False on a full disk. */
  get hasSpace(): boolean {
    return this.#hasSpace;
  }

  set hasSpace(hasSpace: boolean) {
    this.#hasSpace = hasSpace;
    this.changed();
  }

  /** True when what all but platform events share is used up. */
  get isFull(): boolean {
    const { index, limits } = this.#parts;
    const { bytes, batches } = this.#underWay.shared;
    const unackedBytes = index.unackedBytes - index.reserve.bytes + bytes;
    const unackedBatches = index.batches - index.ackedBatches - index.reserve.batches + batches;
    return unackedBytes >= limits.maxBytes || unackedBatches >= retainedBatchesMax;
  }

  has(overflow: Overflow): boolean {
    if (overflow === 'reserve') return this.#reserveHasRoom();
    if (!this.#hasSpace) return false;
    return !this.isFull || (overflow === 'drop_oldest' && this.#parts.index.oldestDroppable() !== undefined);
  }

  /** What was given to the writer counts, until the function that is returned is called: then it is in the index. */
  underWay(batch: { readonly bodyBytes: number }, overflow: Overflow): () => void {
    const sums = overflow === 'reserve' ? this.#underWay.reserve : this.#underWay.shared;
    const bytes = chargeOf(batch);
    sums.bytes += bytes;
    sums.batches += 1;
    this.changed();
    return () => {
      sums.bytes -= bytes;
      sums.batches -= 1;
      this.changed();
    };
  }

  /** Called whenever an answer may have become another. */
  changed(): void {
    const answers = overflows.map((overflow) => this.has(overflow));
    const differs = answers.some((answer, index) => answer !== this.#answers[index]);
    this.#answers = answers;
    if (differs || this.#parts.isBroken()) this.#gate.dispatchEvent(new Event('changed'));
    if (differs) for (const listener of this.#listeners) listener();
  }

  async ready(overflow: Overflow, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (!this.has(overflow) && !this.#parts.isBroken()) await once(this.#gate, 'changed', { signal });
  }

  onChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #reserveHasRoom(): boolean {
    const { index } = this.#parts;
    const { bytes, batches } = this.#underWay.reserve;
    return index.reserve.bytes + bytes < reserveClassBytesMax && index.reserve.batches + batches < reserveClassBatchesMax;
  }
}
