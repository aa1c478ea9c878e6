/** One object under search: its frames go to threads in order, its results come back in order. */
import type { ArchiveObject } from '../../../queue/queue.ts';
import type { FrameResult, FrameTask } from './search-contract.ts';

interface Chunk {
  readonly result: FrameResult;
  /** Rows that were taken. */
  taken: number;
}

export interface CursorTask {
  readonly index: number;
  readonly task: FrameTask;
}

export class ObjectCursor {
  readonly object: ArchiveObject;
  /** Place among the objects of the search, in order of time: decides between rows of the same millisecond. */
  readonly order: number;
  readonly #path: string;
  readonly #chunks: Chunk[] = [];
  readonly #arrived = new Map<number, FrameResult>();
  #nextTask = 0;
  #nextArrival = 0;
  /** No row to come is earlier. */
  #lowerBoundMs: number;

  constructor(object: ArchiveObject, order: number, path: string) {
    this.object = object;
    this.order = order;
    this.#path = path;
    this.#lowerBoundMs = object.receivedMsMin;
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

  /** Time of the next row, if it is here. */
  get headMs(): number | undefined {
    const [chunk] = this.#chunks;
    return chunk?.result.times[chunk.taken];
  }

  /** No row that this object still gives is earlier than this. */
  get boundMs(): number {
    if (this.isFinished) return Infinity;
    return this.headMs ?? this.#lowerBoundMs;
  }

  takeTask(): CursorTask {
    const index = this.#nextTask;
    const { frames, objectBytes, channel } = this.object;
    const frame = frames[index];
    const end = frames[index + 1]?.offset ?? objectBytes;
    const { offset = 0, inflatedBytes = 0 } = frame ?? {};
    this.#nextTask += 1;
    return {
      index,
      task: { path: this.#path, channel, offset, compressedBytes: end - offset, inflatedBytes, isFirst: index === 0 },
    };
  }

  arrive(index: number, result: FrameResult): void {
    this.#arrived.set(index, result);
    for (;;) {
      const next = this.#arrived.get(this.#nextArrival);
      if (next === undefined) return;
      this.#arrived.delete(this.#nextArrival);
      this.#nextArrival += 1;
      this.#lowerBoundMs = Math.max(this.#lowerBoundMs, next.firstMs);
      if (next.times.length > 0) this.#chunks.push({ result: next, taken: 0 });
    }
  }

  /** Takes rows of the first chunk while they are due before `limit`, at most `rowsMax`. */
  takeRows(limit: { readonly ms: number; readonly order: number }, rowsMax: number): { rows: number; bytes: Uint8Array } {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return { rows: 0, bytes: new Uint8Array() };
    const { times, ends, bytes } = chunk.result;
    const isDue = (ms: number): boolean => ms < limit.ms || (ms === limit.ms && this.order < limit.order);
    let end = chunk.taken;
    while (end < times.length && end - chunk.taken < rowsMax && isDue(times[end] ?? Infinity)) end += 1;
    const rows = end - chunk.taken;
    const part = bytes.subarray(endOf(ends, chunk.taken), endOf(ends, end));
    chunk.taken = end;
    if (end === times.length) this.#chunks.shift();
    return { rows, bytes: part };
  }
}

/** Where the rows before `count` end. */
function endOf(ends: Uint32Array, count: number): number {
  return count === 0 ? 0 : (ends[count - 1] ?? 0);
}
