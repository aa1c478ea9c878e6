/** A thread that starts at the first call and is replaced when it died: its calls under way failed, the next go to a new one. */
import type { Transferable, WorkerOptions } from 'node:worker_threads';
import { ThreadCalls, type ThreadContract, type ThreadUsage } from '@tributary/shared/async/thread-call.ts';
import { startWorker, type WorkerEntry } from '@tributary/shared/async/worker-entry.ts';

export class LazyThread<Contract extends ThreadContract> implements AsyncDisposable {
  readonly #entry: WorkerEntry;
  readonly #options: WorkerOptions;
  readonly #onDied: (error: Error) => void;
  #thread: ThreadCalls<Contract> | undefined;

  /** `onDied`: it ended by itself. Told before its calls under way are rejected. */
  constructor(entry: WorkerEntry, options: WorkerOptions = {}, onDied: (error: Error) => void = () => undefined) {
    this.#entry = entry;
    this.#options = options;
    this.#onDied = onDied;
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

  /** Undefined while there is no thread. */
  async usage(): Promise<ThreadUsage | undefined> {
    return await this.#thread?.usage();
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
      onFailed: (error) => {
        if (this.#thread !== thread) return;
        this.#thread = undefined;
        this.#onDied(error);
      },
    });
    return thread;
  }
}
