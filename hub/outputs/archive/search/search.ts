/**
 * A search over the archive: the objects that can match, frame by frame in threads, results merged by receive time.
 *
 * Objects overlap in time when channels do, so the merge gives out a row only when no open object, and none still to be opened, can
 * have an earlier one. Frames without a match cost no memory; matches wait at most a few frames per open object.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import type { ArchiveObject } from '../../../queue/queue.ts';
import { archiveSearchWorker } from '../../../workers.ts';
import { ObjectCursor } from './object-cursor.ts';
import { canMatch, type ArchiveQuery } from './query.ts';
import { UnreadObjects } from './unread-objects.ts';
import type { FrameResult, FrameTask, ResultFormat, SearchContract, SearchThreadData } from './search-contract.ts';

export interface SearchRequest {
  readonly folder: string;
  /** The index, or what of it can match; the search chooses. */
  readonly objects: readonly ArchiveObject[];
  /** How many of the index are not among them. */
  readonly leftOut?: number;
  readonly query: ArchiveQuery;
  readonly format: ResultFormat;
  /** Stops after this many records. */
  readonly limit?: number;
  /** One per core unless given. */
  readonly threads?: number;
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

/** Bytes of results that are gathered before they are given out, unless the search has to wait. */
const outputBytes = 256 * 1024;
/** Frames per thread that are under way or wait for the merge, per object and over all. */
const framesAheadPerThread = 2;

/** Starting a thread costs about as much as searching so many compressed bytes. */
const bytesPerThread = 16 * 1024 * 1024;

/** Gives out parts of the result, in order; the summary comes at the end, as the generator's return value. */
export async function* searchArchive(request: SearchRequest): AsyncGenerator<Uint8Array, SearchSummary> {
  const run = new SearchRun(request);
  try {
    yield* run.results();
  } finally {
    await run.end();
  }
  return run.summary();
}

class SearchRun {
  readonly #request: SearchRequest;
  readonly #threads: ThreadCalls<SearchContract>[];
  readonly #unopened: ArchiveObject[];
  readonly #open: ObjectCursor[] = [];
  readonly #startedMs = performance.now();
  readonly #sums = { objects: 0, frames: 0, records: 0, rawBytes: 0, matched: 0, given: 0 };
  readonly #unread = new UnreadObjects();
  #underWay = 0;
  #opened = 0;
  #progress: () => void = () => undefined;
  #isEnding = false;

  constructor(request: SearchRequest) {
    this.#request = request;
    const { query, format, objects, threads = availableParallelism() } = request;
    this.#unopened = objects
      .filter((object) => canMatch(object, query))
      .toSorted((a, b) => a.receivedMsMin - b.receivedMsMin || (a.name < b.name ? -1 : 1));
    const bytes = this.#unopened.reduce((sum, object) => sum + object.objectBytes, 0);
    const workerData: SearchThreadData = { query, format };
    this.#threads = Array.from(
      { length: Math.min(threads, Math.ceil(bytes / bytesPerThread)) },
      () => new ThreadCalls<SearchContract>(startWorker(archiveSearchWorker, { workerData })),
    );
  }

  async *results(): AsyncGenerator<Uint8Array> {
    const { limit = Infinity } = this.#request;
    const parts: Uint8Array[] = [];
    let size = 0;
    while (this.#sums.given < limit) {
      this.#dispatch();
      const part = this.#nextRows(limit - this.#sums.given);
      if (part !== undefined) {
        parts.push(part);
        size += part.length;
      }
      if (size > 0 && (part === undefined || size >= outputBytes)) {
        yield Buffer.concat(parts);
        parts.length = 0;
        size = 0;
        // Frames may have come meanwhile, so it is looked again before anything is waited for.
        continue;
      }
      if (part !== undefined) continue;
      if (this.#open.length === 0 && this.#unopened.length === 0) return;
      await this.#wait();
    }
    if (size > 0) yield Buffer.concat(parts);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#threads.map((thread) => thread[Symbol.asyncDispose]()));
  }

  summary(): SearchSummary {
    const { objects, frames, records, rawBytes, matched, given } = this.#sums;
    return {
      objectsRead: objects - this.#unread.count,
      objectsUnread: this.#unread.count,
      objectsSkipped: (this.#request.leftOut ?? 0) + this.#request.objects.length - objects,
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
    const underWayMax = this.#threads.length * framesAheadPerThread;
    this.#closeFinished();
    for (const cursor of this.#open) {
      while (cursor.hasTask && cursor.ahead < underWayMax && this.#underWay < underWayMax) this.#send(cursor);
      // The merge cannot go on without a row of every open object.
      if (cursor.hasTask && cursor.ahead === 0) this.#send(cursor);
    }
    while (this.#unopened.length > 0 && this.#underWay < underWayMax && this.#open.length < this.#openMax()) this.#openNext();
  }

  /** Objects that overlap the earliest open one must be open; beyond these, as many as keep the threads busy. */
  #openMax(): number {
    return this.#threads.length * framesAheadPerThread;
  }

  #openNext(): void {
    const object = this.#unopened.shift();
    if (object === undefined) return;
    const cursor = new ObjectCursor(object, this.#opened, join(this.#request.folder, object.name));
    this.#opened += 1;
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
  async #scan(cursor: ObjectCursor, index: number, task: FrameTask): Promise<void> {
    const thread = this.#threads.reduce((least, other) => (other.pending < least.pending ? other : least));
    try {
      const result = await thread.call('scan', task);
      const { frames, rawBytes } = cursor.object;
      this.#sums.frames += 1;
      this.#sums.records += frames[index]?.records ?? 0;
      this.#sums.rawBytes += rawBytes / frames.length;
      this.#sums.matched += result.matched;
      cursor.arrive(index, result);
    } catch (error) {
      if (!this.#isEnding) this.#unread.add(cursor.object, index, messageOf(error));
      cursor.arrive(index, nothing());
    }
    this.#underWay -= 1;
    this.#progress();
  }

  /** Rows that are due now; undefined when a frame must come first. */
  #nextRows(rowsMax: number): Uint8Array | undefined {
    for (;;) {
      this.#closeFinished();
      const [first, second] = this.#earliest();
      const unopenedMs = this.#unopened[0]?.receivedMsMin ?? Infinity;
      if (first === undefined || unopenedMs < first.boundMs) {
        if (this.#unopened.length === 0) return undefined;
        this.#openNext();
        continue;
      }
      if (first.headMs === undefined) return undefined;
      const isUnopenedNext = unopenedMs < (second?.boundMs ?? Infinity);
      const limit =
        isUnopenedNext || second === undefined
          ? { ms: unopenedMs, order: Infinity }
          : { ms: second.boundMs, order: second.order };
      const { rows, bytes } = first.takeRows(limit, rowsMax);
      this.#sums.given += rows;
      return bytes;
    }
  }

  /** The two open objects whose next rows are the earliest. */
  #earliest(): readonly [ObjectCursor | undefined, ObjectCursor | undefined] {
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

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#progress = resolve;
    });
  }
}

function isBefore(a: ObjectCursor, b: ObjectCursor): boolean {
  return a.boundMs < b.boundMs || (a.boundMs === b.boundMs && a.order < b.order);
}

function nothing(): FrameResult {
  return { firstMs: 0, matched: 0, times: new Float64Array(), ends: new Uint32Array(), bytes: new Uint8Array() };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
