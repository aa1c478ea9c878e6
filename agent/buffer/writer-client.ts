import type { Transferable } from 'node:worker_threads';
import type { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import type { WriterCalls, WriterEvent } from './writer-contract.ts';

/** Asks the writer thread. The first call that fails is a failure of the buffer; after it, or once it is closed, nothing is asked. */
export class WriterClient {
  readonly #writer: ThreadCalls<WriterCalls, WriterEvent>;
  readonly #onFailed: (error: Error) => void;
  #failure: Error | undefined;
  #closed = false;

  constructor(writer: ThreadCalls<WriterCalls, WriterEvent>, onFailed: (error: Error) => void) {
    this.#writer = writer;
    this.#onFailed = onFailed;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get isUsable(): boolean {
    return this.#failure === undefined && !this.#closed;
  }

  /** Durable when resolved. */
  async call<Name extends keyof WriterCalls>(
    name: Name,
    argument: WriterCalls[Name]['argument'],
    transfer: readonly Transferable[] = [],
  ): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new Error('the buffer is closed');
    try {
      await this.#writer.call(name, argument, transfer);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.fail(failure);
      throw failure;
    }
  }

  /** A change nobody waits for; what goes wrong with it is a failure of the buffer. */
  tell<Name extends keyof WriterCalls>(name: Name, argument: WriterCalls[Name]['argument'], then?: () => void): void {
    if (this.#closed) return;
    this.call(name, argument).then(then, () => undefined);
  }

  fail(error: Error): void {
    if (!this.isUsable) return;
    this.#failure = error;
    this.#onFailed(error);
  }

  /** What was asked before is still done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writer[Symbol.asyncDispose]();
  }
}
