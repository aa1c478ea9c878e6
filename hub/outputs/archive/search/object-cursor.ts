/**
 * One object under search: its frames go to threads in the order of the search, its results come back in it. What is compared are keys, the
 * smallest of which is next: receive times, with their signs changed where the newest record comes first.
 */
import type { ArchiveObject } from '../../../queue/queue.ts';
import type { FrameResult, FrameTask, SearchOrder } from './search-contract.ts';

interface Chunk {
  readonly result: FrameResult;
  /** Rows that were taken. */
  taken: number;
}

export interface CursorTask {
  readonly index: number;
  readonly task: Omit<FrameTask, 'from'>;
}

/** An object with its place among those of a search, which decides between rows of the same millisecond. */
export interface RankedObject {
  readonly object: ArchiveObject;
  readonly rank: number;
}

export interface Rows {
  /** How many there are, and all of them one after the other. */
  readonly rows: number;
  readonly bytes: Uint8Array;
  /** Receive time of each, and where it ends in `bytes`, counted from `start`. */
  readonly times: Float64Array;
  readonly ends: Uint32Array;
  readonly start: number;
}

const noRows: Rows = { rows: 0, bytes: new Uint8Array(), times: new Float64Array(), ends: new Uint32Array(), start: 0 };

/** No row of the object comes before it. */
export function startKey({ receivedMsMin, receivedMsMax }: ArchiveObject, order: SearchOrder): number {
  return order === 'oldest' ? receivedMsMin : -receivedMsMax;
}

export class ObjectCursor {
  readonly object: ArchiveObject;
  readonly rank: number;
  readonly #order: SearchOrder;
  readonly #chunks: Chunk[] = [];
  readonly #arrived = new Map<number, FrameResult>();
  #nextTask = 0;
  #nextArrival = 0;
  /** No row to come is before it. */
  #lowerBound: number;

  constructor({ object, rank }: RankedObject, order: SearchOrder) {
    this.object = object;
    this.rank = rank;
    this.#order = order;
    this.#lowerBound = startKey(object, order);
  }

  get hasTask(): boolean {
    return this.#nextTask < this.object.frames.length;
  }

  /** Frames that are with a thread, or whose rows wait to be taken. */
  get ahead(): number {
    return this.#nextTask - this.#nextArrival + this.#chunks.length;
  }

  get isFinished(): boolean {
    return this.#nextArrival === this.object.frames.length && this.#chunks.length === 0;
  }

  /** Key of the next row, if it is here. */
  get head(): number | undefined {
    const [chunk] = this.#chunks;
    const ms = chunk?.result.times[chunk.taken];
    return ms === undefined ? undefined : this.#keyOf(ms);
  }

  /** No row that this object still gives is before this. */
  get bound(): number {
    if (this.isFinished) return Infinity;
    return this.head ?? this.#lowerBound;
  }

  /** `index` counts tasks, of which each is a frame. */
  takeTask(): CursorTask {
    const index = this.#nextTask;
    const { frames, objectBytes, channel, name } = this.object;
    const place = this.frameOf(index);
    const frame = frames[place];
    const end = frames[place + 1]?.offset ?? objectBytes;
    const { offset = 0, inflatedBytes = 0 } = frame ?? {};
    this.#nextTask += 1;
    return {
      index,
      task: { name, channel, offset, compressedBytes: end - offset, inflatedBytes, isFirst: place === 0 },
    };
  }

  /** Which of the object's frames a task is about. */
  frameOf(index: number): number {
    return this.#order === 'oldest' ? index : this.object.frames.length - 1 - index;
  }

  arrive(index: number, result: FrameResult): void {
    this.#arrived.set(index, result);
    for (;;) {
      const next = this.#arrived.get(this.#nextArrival);
      if (next === undefined) return;
      this.#arrived.delete(this.#nextArrival);
      this.#nextArrival += 1;
      if (next.firstMs > 0) this.#lowerBound = Math.max(this.#lowerBound, this.#keyOf(next.firstMs));
      if (next.times.length > 0) this.#chunks.push({ result: next, taken: 0 });
    }
  }

  /** Takes rows of the first chunk while they are due before `limit`, at most `rowsMax`. */
  takeRows(limit: { readonly key: number; readonly rank: number }, rowsMax: number): Rows {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return noRows;
    const { times, ends, bytes } = chunk.result;
    const isDue = (key: number): boolean => key < limit.key || (key === limit.key && this.rank < limit.rank);
    const from = chunk.taken;
    let end = from;
    while (end < times.length && end - from < rowsMax && isDue(this.#keyOf(times[end] ?? Infinity))) end += 1;
    chunk.taken = end;
    if (end === times.length) this.#chunks.shift();
    const start = endOf(ends, from);
    const part = bytes.subarray(start, endOf(ends, end));
    return { rows: end - from, bytes: part, times: times.subarray(from, end), ends: ends.subarray(from, end), start };
  }

  #keyOf(ms: number): number {
    return this.#order === 'oldest' ? ms : -ms;
  }
}

/** Where the rows before `count` end. */
function endOf(ends: Uint32Array, count: number): number {
  return count === 0 ? 0 : (ends[count - 1] ?? 0);
}
