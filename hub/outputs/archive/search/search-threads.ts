/**
 * The threads that searches share: each has a few frames with them at a time. They start when there is work, are no more than `size` however many
 * search, and end when nobody has searched for a while. One that dies is replaced at the next frame; what it had is told as not readable.
 */
import type { Transferable } from 'node:worker_threads';
import { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import { archiveSearchWorker } from '../../../workers.ts';
import type { FrameResult, FrameTask, SearchContract, SearchData, SearchThreadData } from './search-contract.ts';

export interface SearchThreadsOptions {
  /** At most. */
  readonly size: number;
  /** Intake and pipelines of the same process go first. */
  readonly isBackground?: boolean;
}

/** How long threads stay when nobody searches. */
const idleMs = 30_000;

interface PoolThread {
  readonly calls: ThreadCalls<SearchContract>;
  /** Those that it knows. */
  readonly searches: Set<number>;
}

export class SearchThreads implements AsyncDisposable {
  readonly size: number;
  readonly #workerData: SearchThreadData;
  readonly #threads = new Set<PoolThread>();
  readonly #open = new Set<number>();
  #last = 0;
  #idle: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor({ size, isBackground = false }: SearchThreadsOptions) {
    this.size = Math.max(1, size);
    this.#workerData = { isBackground };
  }

  open(data: SearchData): SearchSession {
    clearTimeout(this.#idle);
    this.#last += 1;
    const search = this.#last;
    this.#open.add(search);
    return new SearchSession({
      size: this.size,
      scan: (task, transfer) => this.#scan({ search, data }, task, transfer),
      end: () => this.#end(search),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#idle);
    await this.#endThreads();
  }

  #scan(
    { search, data }: { readonly search: number; readonly data: SearchData },
    task: FrameTask,
    transfer: readonly Transferable[],
  ): Promise<FrameResult> {
    if (this.#isEnded) return Promise.reject(new Error('the hub is stopping'));
    const thread = this.#idlest();
    if (!thread.searches.has(search)) {
      thread.searches.add(search);
      thread.calls.notify('begin', { search, data });
    }
    return thread.calls.call('scan', { search, task }, transfer);
  }

  #end(search: number): void {
    this.#open.delete(search);
    for (const { calls, searches } of this.#threads) if (searches.delete(search)) calls.notify('end', { search });
    if (this.#open.size > 0 || this.#isEnded) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#endThreads(), idleMs).unref();
  }

  #idlest(): PoolThread {
    const threads = [...this.#threads].toSorted((a, b) => a.calls.pending - b.calls.pending);
    const [least] = threads;
    return least !== undefined && (least.calls.pending === 0 || threads.length >= this.size) ? least : this.#start();
  }

  #start(): PoolThread {
    const worker = startWorker(archiveSearchWorker, { workerData: this.#workerData });
    // A program that is done does not wait for threads that wait for work.
    if (this.#workerData.isBackground) worker.unref();
    const calls = new ThreadCalls<SearchContract>(worker, { onFailed: () => void this.#threads.delete(thread) });
    const thread: PoolThread = { calls, searches: new Set() };
    this.#threads.add(thread);
    return thread;
  }

  async #endThreads(): Promise<void> {
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map(({ calls }) => calls[Symbol.asyncDispose]()));
  }
}

interface SessionParts {
  readonly size: number;
  readonly scan: (task: FrameTask, transfer: readonly Transferable[]) => Promise<FrameResult>;
  readonly end: () => void;
}

/** One search's use of the threads. What is under way when it ends goes on, and its results are nobody's. */
export class SearchSession implements Disposable {
  /** Threads that there may be. */
  readonly size: number;
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.size = parts.size;
    this.#parts = parts;
  }

  scan(task: FrameTask, transfer: readonly Transferable[] = []): Promise<FrameResult> {
    return this.#parts.scan(task, transfer);
  }

  [Symbol.dispose](): void {
    this.#parts.end();
  }
}
