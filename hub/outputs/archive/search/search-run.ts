/**
 * A search over the archive: the objects that can match, frame by frame in threads, results merged by receive time, from either end.
 *
 * Objects overlap in time when channels do, so the merge gives out a row only when no open object, and none still to be opened, can
 * have one before it. Frames without a match cost no memory; matches wait at most a few frames per open object.
 */
import { availableParallelism } from 'node:os';
import type { ArchiveObject } from '../../../queue/queue.ts';
import type { ArchiveSpec } from '../store/archive-spec.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import { openStore } from '../store/open-store.ts';
import { type CursorTask, ObjectCursor, type RankedObject, type Rows, startKey } from './object-cursor.ts';
import { canMatch, type ArchiveQuery } from './query.ts';
import type { FrameResult, QueueEntry, ResultFormat, SearchOrder } from './search-contract.ts';
import { SearchThreads, type SearchSession } from './search-threads.ts';
import { UnreadObjects } from './unread-objects.ts';

export interface SearchRequest {
  readonly archive: ArchiveSpec;
  /** The index, or what of it can match; the search chooses. */
  readonly objects: readonly ArchiveObject[];
  /** How many of the index are not among them. */
  readonly leftOut?: number;
  /** What waits in the queue for the archive: searched with them. */
  readonly waiting?: readonly WaitingRows[];
  readonly query: ArchiveQuery;
  readonly format: ResultFormat;
  /** The oldest first unless given. */
  readonly order?: SearchOrder;
  /** Stops after this many records. */
  readonly limit?: number;
  /** Those that searches share; of its own, one per core, unless given. */
  readonly threads?: SearchThreads;
  /** Name of the archive's output: what documents in the queue are for others only is not found. */
  readonly output?: string;
}

/** Entries of a back topic as if they were an object; each of its frames is some of them. */
export interface WaitingRows {
  readonly object: ArchiveObject;
  readonly read: (frame: number) => Promise<readonly QueueEntry[]>;
}

export interface SearchSummary {
  /** To their ends. */
  readonly objectsRead: number;
  /** Objects that could not be read, or not whole. */
  readonly objectsUnread: number;
  readonly objectsSkipped: number;
  readonly frames: number;
  /** Records in the frames that were read. */
  readonly records: number;
  readonly rawBytes: number;
  readonly matched: number;
  readonly seconds: number;
  /** A sentence for each object that could not be read: what it holds is missing from the answer. */
  readonly problems: readonly string[];
}

/** Frames per thread that are under way or wait for the merge, per object and over all. */
const framesAheadPerThread = 2;
/** Of those that have to be fetched, while others are searched: in all. */
const framesAheadFetched = 24;

/** Starting a thread costs about as much as searching so many compressed bytes. */
const bytesPerThread = 16 * 1024 * 1024;

/** Rows that are due, and the object they are of. */
export interface DueRows extends Rows {
  readonly object: ArchiveObject;
}

export class SearchRun {
  readonly #request: SearchRequest;
  readonly #session: SearchSession;
  readonly #own: SearchThreads | undefined;
  readonly #store: ArchiveStore;
  readonly #order: SearchOrder;
  readonly #waiting: ReadonlyMap<ArchiveObject, WaitingRows['read']>;
  readonly #unopened: RankedObject[];
  readonly #open: ObjectCursor[] = [];
  readonly #startedMs = performance.now();
  readonly #sums = { objects: 0, frames: 0, records: 0, rawBytes: 0, matched: 0, given: 0 };
  readonly #unread = new UnreadObjects();
  readonly #counts = new Map<string, Map<string, number>>();
  #underWay = 0;
  #progress: () => void = () => undefined;
  /** A frame has come since rows were asked for. */
  #hasCome = false;
  #isEnding = false;

  constructor(request: SearchRequest) {
    this.#request = request;
    const { query, format, archive, output, waiting = [], order = 'oldest', threads } = request;
    this.#order = order;
    this.#store = openStore(archive.store);
    this.#waiting = new Map(waiting.map(({ object, read }) => [object, read]));
    const objects = [...request.objects, ...this.#waiting.keys()].filter((object) => canMatch(object, query));
    this.#unopened = ranked(objects, order).toSorted(
      (a, b) => startKey(a.object, order) - startKey(b.object, order) || a.rank - b.rank,
    );
    const bytes = objects.reduce((sum, object) => sum + object.objectBytes, 0);
    const size = Math.min(availableParallelism(), Math.ceil(bytes / bytesPerThread));
    const pool = threads ?? new SearchThreads({ size });
    this.#own = threads === undefined ? pool : undefined;
    this.#session = pool.open({
      query,
      format,
      order,
      output,
      encryption: archive.encryption,
    });
  }

  /** Objects that can match; how many of them were opened is in the summary. */
  get objects(): number {
    return this.#unopened.length + this.#sums.objects;
  }

  /** Nothing more will be due. */
  get isOver(): boolean {
    return this.#open.length === 0 && this.#unopened.length === 0;
  }

  /** Of a search for `count`, per channel and host. */
  get counts(): ReadonlyMap<string, ReadonlyMap<string, number>> {
    return this.#counts;
  }

  /** Rows that are due now; undefined when a frame must come first (`wait`), or it is over. */
  next(rowsMax: number): DueRows | undefined {
    this.#hasCome = false;
    this.#dispatch();
    return this.#nextRows(rowsMax);
  }

  /** Until a frame has come since `next`: also where whoever asks did something else in between. */
  wait(): Promise<void> {
    if (this.#hasCome) return Promise.resolve();
    return new Promise((resolve) => {
      this.#progress = resolve;
    });
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#session[Symbol.dispose]();
    await this.#own?.[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  summary(): SearchSummary {
    const { objects, frames, records, rawBytes, matched, given } = this.#sums;
    return {
      objectsRead: objects - this.#unread.count,
      objectsUnread: this.#unread.count,
      objectsSkipped: Math.max(0, (this.#request.leftOut ?? 0) + this.#request.objects.length - objects),
      frames,
      records,
      rawBytes: Math.round(rawBytes),
      matched: this.#request.format === 'count' ? matched : given,
      seconds: (performance.now() - this.#startedMs) / 1000,
      problems: this.#unread.texts(),
    };
  }

  /** Keeps the threads busy: first with the objects that the merge waits for, then with the next ones. */
  #dispatch(): void {
    const underWayMax = this.#aheadMax();
    this.#closeFinished();
    for (const cursor of this.#open) {
      while (cursor.hasTask && cursor.ahead < underWayMax && this.#underWay < underWayMax) this.#send(cursor);
      // The merge cannot go on without a row of every open object.
      if (cursor.hasTask && cursor.ahead === 0) this.#send(cursor);
    }
    while (this.#unopened.length > 0 && this.#underWay < underWayMax && this.#open.length < this.#aheadMax()) this.#openNext();
  }

  /** Objects that overlap the earliest open one must be open; beyond these, as many as keep the threads busy. */
  #aheadMax(): number {
    const { kind } = this.#request.archive.store;
    return kind === 'folder' ? this.#session.size * framesAheadPerThread : framesAheadFetched;
  }

  #openNext(): void {
    const next = this.#unopened.shift();
    if (next === undefined) return;
    const cursor = new ObjectCursor(next, this.#order);
    this.#sums.objects += 1;
    this.#open.push(cursor);
    if (cursor.hasTask) this.#send(cursor);
  }

  #send(cursor: ObjectCursor): void {
    const { index, task } = cursor.takeTask();
    this.#underWay += 1;
    void this.#scan(cursor, index, task);
  }

  /** Never rejects: an object that cannot be read is a problem of the answer, not the end of the search. */
  async #scan(cursor: ObjectCursor, index: number, task: CursorTask['task']): Promise<void> {
    try {
      const result = await this.#scanned(cursor, index, task);
      const { frames, rawBytes } = cursor.object;
      this.#sums.frames += 1;
      this.#sums.records += frames[cursor.frameOf(index)]?.records ?? 0;
      this.#sums.rawBytes += rawBytes / frames.length;
      this.#sums.matched += result.matched;
      this.#count(cursor.object.channel, result);
      cursor.arrive(index, result);
    } catch (error) {
      if (!this.#isEnding) this.#unread.add(cursor.object, cursor.frameOf(index), messageOf(error));
      cursor.arrive(index, nothing());
    }
    this.#underWay -= 1;
    this.#hasCome = true;
    this.#progress();
  }

  async #scanned(cursor: ObjectCursor, index: number, task: CursorTask['task']): Promise<FrameResult> {
    const waiting = this.#waiting.get(cursor.object);
    if (waiting !== undefined) {
      const entries = await waiting(cursor.frameOf(index));
      const moved = entries.map(({ body }) => body.buffer);
      return await this.#session.scan({ ...task, from: entries }, moved);
    }
    const path = this.#store.localPath(task.name);
    if (path !== undefined) return await this.#session.scan({ ...task, from: path });
    const { offset, compressedBytes: length, name } = task;
    const bytes = await this.#store.readRange(name, { offset, length, version: cursor.object.sha256 });
    // A copy of its own, which can be moved.
    const from = new Uint8Array(bytes);
    return await this.#session.scan({ ...task, from }, [from.buffer]);
  }

  #count(channel: string, { hosts }: FrameResult): void {
    if (hosts === undefined) return;
    const known = this.#counts.getOrInsertComputed(channel, () => new Map<string, number>());
    for (const [host, count] of hosts) known.set(host, (known.get(host) ?? 0) + count);
  }

  #nextRows(rowsMax: number): DueRows | undefined {
    for (;;) {
      this.#closeFinished();
      const [first, second] = this.#nearest();
      const [unopened] = this.#unopened;
      const unopenedKey = unopened === undefined ? Infinity : startKey(unopened.object, this.#order);
      if (first === undefined || unopenedKey <= first.bound) {
        if (unopened === undefined) return undefined;
        this.#openNext();
        continue;
      }
      if (first.head === undefined) return undefined;
      const isUnopenedNext = unopenedKey <= (second?.bound ?? Infinity);
      const limit =
        isUnopenedNext || second === undefined ? { key: unopenedKey, rank: -1 } : { key: second.bound, rank: second.rank };
      const due = first.takeRows(limit, rowsMax);
      this.#sums.given += due.rows;
      return { object: first.object, ...due };
    }
  }

  /** The two open objects whose rows are next. */
  #nearest(): readonly [ObjectCursor | undefined, ObjectCursor | undefined] {
    let first: ObjectCursor | undefined;
    let second: ObjectCursor | undefined;
    for (const cursor of this.#open) {
      if (first === undefined || isBefore(cursor, first)) {
        second = first;
        first = cursor;
      } else if (second === undefined || isBefore(cursor, second)) second = cursor;
    }
    return [first, second];
  }

  #closeFinished(): void {
    for (let index = this.#open.length - 1; index >= 0; index -= 1) {
      if (this.#open[index]?.isFinished === true) this.#open.splice(index, 1);
    }
  }
}

/** Rows of the same millisecond come channel by channel, partition by partition, and there in the order of the topic. */
function ranked(objects: readonly ArchiveObject[], order: SearchOrder): RankedObject[] {
  const sign = order === 'oldest' ? 1 : -1;
  const compare = (a: ArchiveObject, b: ArchiveObject): number =>
    compareTexts(a.channel, b.channel) ||
    a.partition - b.partition ||
    sign * (a.receivedMsMin - b.receivedMsMin || a.first - b.first || compareTexts(a.name, b.name));
  return objects.toSorted(compare).map((object, rank) => ({ object, rank }));
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isBefore(a: ObjectCursor, b: ObjectCursor): boolean {
  return a.bound < b.bound || (a.bound === b.bound && a.rank < b.rank);
}

function nothing(): FrameResult {
  return { firstMs: 0, matched: 0, times: new Float64Array(), ends: new Uint32Array(), bytes: new Uint8Array() };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
