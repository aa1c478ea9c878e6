/**
 * What inputs push into: one batcher for each way of overflowing, so that what waits for room never holds up what does not wait.
 *
 * - A run of `drop_newest` that comes while the target has no room for it is skipped, and counted. One of `drop_oldest` too, if even
 *   dropping did not make room. Otherwise all are alike.
 * - Each has memory of its own; one is made when its first run comes.
 * - The runs of a stream keep their order when its way of overflowing changes: it stays where it is until nothing of it waits.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Overflow, Run, StreamState } from '../inputs/input.ts';
import { Batcher, type BatcherOptions, type ClosedBatch } from './batcher.ts';
import { type BatcherLimits, defaultBatcherLimits } from './limits.ts';
import type { Dropped } from './stream-end.ts';

/** The agent's buffer is one. */
export interface OverflowTarget {
  /** Durable when resolved. Called in order for each way of overflowing; several may be under way. */
  append(batch: ClosedBatch, overflow: Overflow): Promise<void>;
  hasRoom(overflow: Overflow): boolean;
  ready(overflow: Overflow, signal: AbortSignal): Promise<void>;
  drop(dropped: Dropped): void;
  endStream(streamId: Id): void;
  /** Called whenever an answer of `hasRoom` became another. */
  onRoomChanged(listener: () => void): void;
}

export interface OverflowBatcherOptions extends Omit<BatcherOptions, 'target' | 'waitsForTarget'> {
  readonly target: OverflowTarget;
  /** Told of everything that is not kept, at once: the target is told of it in its place, which may be much later. */
  readonly onDropped: (dropped: Pick<Dropped, 'streamId' | 'records' | 'bytes'>) => void;
}

const dropping: ReadonlySet<Overflow> = new Set(['drop_newest', 'drop_oldest']);

export class OverflowBatcher implements AsyncDisposable {
  readonly #options: OverflowBatcherOptions;
  readonly #limits: BatcherLimits;
  readonly #batchers = new Map<Overflow, Batcher>();
  readonly #overflows = new Map<Id, Overflow>();
  #flushIntervalMs: number;

  constructor(options: OverflowBatcherOptions) {
    this.#options = options;
    this.#limits = { ...defaultBatcherLimits, ...options.limits };
    this.#flushIntervalMs = this.#limits.flushIntervalMs;
    options.target.onRoomChanged(() => {
      for (const batcher of this.#batchers.values()) batcher.roomChanged();
    });
  }

  get stagedBytes(): number {
    return this.#batchers.values().reduce((sum, batcher) => sum + batcher.stagedBytes, 0);
  }

  /** Records that were pushed and are not stored yet. */
  get stagedRecords(): number {
    return this.#batchers.values().reduce((sum, batcher) => sum + batcher.stagedRecords, 0);
  }

  /** Copies the run, or skips it. False: nothing more should come until `ready` resolves. */
  push(run: Run): boolean {
    const overflow = this.#overflowFor(run);
    const batcher = this.#batcher(overflow);
    if (dropping.has(overflow) && !this.#options.target.hasRoom(overflow)) {
      batcher.skip(run);
      this.#options.onDropped({ streamId: run.streamId, records: run.records, bytes: run.bytes.length });
      return true;
    }
    return batcher.push(run);
  }

  /** Resolves when there is room for more of this stream; rejects when the signal is aborted. */
  async ready(streamId: Id | undefined, signal: AbortSignal): Promise<void> {
    const overflow = streamId === undefined ? undefined : this.#overflows.get(streamId);
    await this.#batcher(overflow ?? 'block').ready(signal);
  }

  /** The stream's end, durable after the runs pushed before it. */
  endStream(streamId: Id): void {
    const batcher = this.#batcherOf(streamId);
    this.#overflows.delete(streamId);
    if (batcher === undefined) this.#options.target.endStream(streamId);
    else batcher.endStream(streamId);
  }

  /** Streams as they were pushed: positions ahead of the durable ones, and without those that were ended. */
  overlay(states: readonly StreamState[]): readonly StreamState[] {
    return states.map((state) => this.pushed(state)).filter((state) => !state.ended);
  }

  /** The stream as it was pushed. */
  pushed(state: StreamState): StreamState {
    let pushed = state;
    for (const batcher of this.#batchers.values()) pushed = batcher.pushed(pushed);
    return pushed;
  }

  /** A stream was replaced: what is staged of it goes on as part of the replacement. Returns that as far as it is pushed. */
  replaceStream(streamId: Id, replacement: StreamState): StreamState {
    const overflow = this.#overflows.get(streamId);
    this.#overflows.delete(streamId);
    if (overflow !== undefined) this.#overflows.set(replacement.streamId, overflow);
    // One that was ended may still have something staged.
    let pushed = replacement;
    for (const batcher of this.#batchers.values()) pushed = batcher.replaceStream(streamId, pushed);
    return pushed;
  }

  /** From now on batches stay open for so long at most. */
  setFlushInterval(flushIntervalMs: number): void {
    this.#flushIntervalMs = flushIntervalMs;
    for (const batcher of this.#batchers.values()) batcher.setFlushInterval(flushIntervalMs);
  }

  /** Closes what is open and resolves when all of it is stored. */
  async flush(signal?: AbortSignal): Promise<void> {
    await Promise.all(this.#batchers.values().map((batcher) => batcher.flush(signal)));
  }

  /** Resolves once nothing that was pushed waits to be stored; closes nothing early. */
  async settled(signal?: AbortSignal): Promise<void> {
    await Promise.all(this.#batchers.values().map((batcher) => batcher.settled(signal)));
  }

  /** Nothing more is appended: what cannot be read again is told as dropped, the rest is read again. */
  giveUp(): void {
    for (const batcher of this.#batchers.values()) batcher.giveUp().forEach((dropped) => this.#options.onDropped(dropped));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#batchers.values().map((batcher) => batcher[Symbol.asyncDispose]()));
  }

  #overflowFor({ streamId, overflow }: Run): Overflow {
    const before = this.#overflows.get(streamId);
    if (before === overflow) return overflow;
    if (before !== undefined && !this.#batcher(overflow).takeOver(streamId, this.#batcher(before))) return before;
    this.#overflows.set(streamId, overflow);
    return overflow;
  }

  #batcherOf(streamId: Id): Batcher | undefined {
    const overflow = this.#overflows.get(streamId);
    return overflow === undefined ? undefined : this.#batcher(overflow);
  }

  #batcher(overflow: Overflow): Batcher {
    return this.#batchers.getOrInsertComputed(overflow, () => this.#create(overflow));
  }

  #create(overflow: Overflow): Batcher {
    const { target, ...options } = this.#options;
    return new Batcher({
      ...options,
      limits: { ...this.#limits, flushIntervalMs: this.#flushIntervalMs },
      waitsForTarget: !dropping.has(overflow),
      target: {
        append: (batch) => target.append(batch, overflow),
        hasRoom: () => target.hasRoom(overflow),
        ready: (signal) => target.ready(overflow, signal),
        drop: (dropped) => target.drop(dropped),
        endStream: (streamId) => target.endStream(streamId),
      },
    });
  }
}
