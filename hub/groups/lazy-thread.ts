/** A thread that starts at the first call and is replaced when it died: its calls under way failed, the next go to a new one. */
import type { Transferable, WorkerOptions } from 'node:worker_threads';
import { ThreadCalls, type ThreadContract } from '@tributary/shared/async/thread-call.ts';
import { startWorker, type WorkerEntry } from '@tributary/shared/async/worker-entry.ts';

export class LazyThread<Contract extends ThreadContract> implements AsyncDisposable {
  readonly #entry: WorkerEntry;
  readonly #options: WorkerOptions;
  #thread: ThreadCalls<Contract> | undefined;

  constructor(entry: WorkerEntry, options: WorkerOptions = {}) {
    this.#entry = entry;
    this.#options = options;
  }

  get pending(): number {
    return this.#thread?.pending ?? 0;
  }

  call<Name extends keyof Contract & string>(
    name: Name,
    argument: Contract[Name]['argument'],
    transfer: readonly Transferable[] = [],
  ): Promise<Contract[Name]['result']> {
    this.#thread ??= this.#start();
    return this.#thread.call(name, argument, transfer);
  }

  /** Ends it in the middle of what it does; the next call goes to a new one. */
  async terminate(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  /** Lets what was handed over finish. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread?.[Symbol.asyncDispose]();
  }

  #start(): ThreadCalls<Contract> {
    const thread = new ThreadCalls<Contract>(startWorker(this.#entry, this.#options), {
      onFailed: () => {
        if (this.#thread === thread) this.#thread = undefined;
      },
    });
    return thread;
  }
}
