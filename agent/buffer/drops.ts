/**
 * What becomes of records that a full buffer has no room for, and of the loss that they are: recorded here, told to the site by a Gap
 * when a session gets there, counted once.
 */
import type { GapCause, Id } from '@tributary/protocol/messages.ts';
import type { OutboxBatch } from '@tributary/protocol/session/outbox.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Dropped } from '../framing/stream-end.ts';
import { DropQueue } from './drop-queue.ts';
import type { LossBook } from './loss-book.ts';
import type { RetainedIndex } from './retained-index.ts';
import type { Room } from './room.ts';
import type { StreamTable } from './stream-table.ts';
import type { WriterClient } from './writer-client.ts';

export interface DropsParts {
  readonly writer: WriterClient;
  readonly clock: Clock;
  readonly index: RetainedIndex;
  readonly streams: StreamTable;
  readonly losses: LossBook;
  readonly room: Room;
  /** There is room again: the site may be told of what was dropped. */
  readonly onDeclarable: () => void;
}

export class Drops {
  readonly #parts: DropsParts;
  readonly #queue = new DropQueue((dropped) => this.#write(dropped));
  readonly #batchListeners: ((dropped: readonly Dropped[]) => void)[] = [];
  #wasFull = false;
  #droppedRecords = 0;

  constructor(parts: DropsParts) {
    this.#parts = parts;
    parts.room.onChanged(() => this.#roomChanged());
  }

  onBatchesDropped(listener: (dropped: readonly Dropped[]) => void): void {
    this.#batchListeners.push(listener);
  }

  /** Of batches that had to make room. */
  get droppedRecords(): number {
    return this.#droppedRecords;
  }

  /** What came is not kept. */
  drop(dropped: Dropped): void {
    this.#queue.add({ ...dropped, streamId: this.#parts.streams.current(dropped.streamId).streamId });
  }

  /** Something of this stream is about to be appended. */
  flushBefore(streamId: Id): void {
    this.#queue.flush(streamId);
  }

  /** Resolves when what was dropped of this stream is recorded; undefined when it is. */
  settled(streamId: Id): Promise<void> | undefined {
    return this.#queue.settled(streamId);
  }

  async flush(): Promise<void> {
    await this.#queue.flushAll();
  }

  /** Drops the oldest batches that may be dropped, until there is room or none of them is left. */
  makeRoom(): void {
    const { index, room } = this.#parts;
    const dropped: OutboxBatch[] = [];
    for (let oldest = index.oldestDroppable(); oldest !== undefined && room.isFull; oldest = index.oldestDroppable()) {
      index.remove(oldest.id);
      this.#droppedRecords += oldest.records;
      dropped.push(oldest);
    }
    if (dropped.length > 0) this.#writeDropped(dropped);
  }

  /** A Gap was answered: the site will never get these. */
  recordLoss(loss: { readonly streamId: Id; readonly from: number; readonly to: number; readonly cause: GapCause }): void {
    const { writer, clock, losses } = this.#parts;
    writer.tell('recordLoss', { ...loss, atMs: clock.now() }, () => losses.changed([loss.streamId]));
  }

  /** The site's word on a stream. */
  positioned(streamId: Id, held: number): void {
    const { writer, losses } = this.#parts;
    if (!losses.isUndeclared(streamId)) return;
    writer.tell('settleLosses', { streamId, held }, () => losses.changed([streamId]));
  }

  [Symbol.dispose](): void {
    this.#queue[Symbol.dispose]();
  }

  /** The stream is moved here once it is moved durably; only its token is changed at once, in the order of the calls. */
  async #write({ streamId, from, to, mark, token }: Dropped): Promise<void> {
    const { writer, clock, streams, losses } = this.#parts;
    const stream = streams.current(streamId);
    if (token !== undefined) streams.put({ ...stream, identity: { ...stream.identity, token } });
    const range = { streamId, from, to, certain: true, atMs: clock.now() };
    try {
      await writer.call('drop', { move: { streamId, position: to, mark, token }, range });
    } catch {
      // The buffer's owner was told that it is broken.
      return;
    }
    const now = streams.find(streamId);
    if (now !== undefined && to > now.position) streams.put({ ...now, position: to, mark });
    losses.changed([streamId]);
    if (!this.#wasFull) this.#parts.onDeclarable();
  }

  #writeDropped(batches: readonly OutboxBatch[]): void {
    const { writer, clock, streams, losses } = this.#parts;
    const atMs = clock.now();
    const segments = batches.flatMap((batch) => batch.segments);
    const ids = batches.map(({ id }) => id);
    const ranges = segments
      .filter(({ streamId }) => !streams.isReplaced(streamId))
      .map(({ streamId, from, to }) => ({ streamId, from, to, certain: false, atMs }));
    const recorded = losses.underWay(ranges);
    writer.tell('dropBatches', { ids, ranges }, () => {
      recorded();
      if (!this.#wasFull) this.#parts.onDeclarable();
    });
    const told = segments.map(({ toMark: mark, ...segment }) => ({ ...segment, mark }));
    for (const listener of this.#batchListeners) listener(told);
  }

  /** Only then: while more is dropped, every piece would be a Gap of its own. */
  #roomChanged(): void {
    const { room } = this.#parts;
    const isFull = room.isFull || !room.hasSpace;
    if (this.#wasFull && !isFull) void this.#tellUndeclared();
    this.#wasFull = isFull;
  }

  async #tellUndeclared(): Promise<void> {
    await this.#queue.flushAll();
    this.#parts.onDeclarable();
  }
}
