/** The threads that all pipelines share. A thread that dies fails the calls under way and is replaced at the next call. */
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import { assert } from '@tributary/shared/assert.ts';
import { wholeBuffer } from '@tributary/shared/async/whole-buffer.ts';
import { LazyThread } from '../groups/lazy-thread.ts';
import type { BatchEntry, Processed } from './batch-entry.ts';
import type { PipelineContract } from './pipeline-contract.ts';

/** What a pipeline needs of its threads. */
export interface Processor {
  process(entry: BatchEntry): Promise<Processed>;
}

export class PipelinePool implements Processor, AsyncDisposable {
  readonly #threads: readonly LazyThread<PipelineContract>[];

  constructor(entry: WorkerEntry, size: number) {
    assert(size >= 1, 'a pool has a thread');
    this.#threads = Array.from({ length: size }, () => new LazyThread<PipelineContract>(entry));
  }

  /** Hands the entry to the thread that has the least to do. The entry's body moves there: the caller cannot read it any more. */
  process(entry: BatchEntry): Promise<Processed> {
    const { records, inflatedBytes, segments, trims, receivedMs, body } = entry;
    const thread = this.#threads.reduce((least, other) => (other.pending < least.pending ? other : least));
    return thread.call('process', { records, inflatedBytes, segments, trims, receivedMs, body }, wholeBuffer(body));
  }

  /** Lets what was handed over finish. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
}
