/**
 * A thread that redacts, and is ended where it does not come back from a body: what was given to it fails, and the next goes to a new one.
 * It works on one call after the other, so each answer tells that it gets on.
 */
import type { Transferable } from 'node:worker_threads';
import { ThreadCallError } from '@tributary/shared/async/thread-call.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import { LazyThread } from '../groups/lazy-thread.ts';
import { redactLookCountsMsMax } from './limits.ts';
import type { RedactionContract } from './redaction-contract.ts';

/** Its thread was ended, maybe because of another body: the same may be sent again. */
export class RedactionEndedError extends Error {
  override readonly name = 'RedactionEndedError';
  readonly code = 'REDACTION_ENDED';
}

export interface WatchedThreadParts {
  readonly entry: WorkerEntry;
  readonly msMax: number;
  readonly looksMs: number;
  /** In milliseconds, by a clock that is never set. */
  readonly monotonic: () => number;
  readonly onStuck: () => void;
}

export class WatchedThread implements AsyncDisposable {
  readonly #parts: WatchedThreadParts;
  readonly #thread: LazyThread<RedactionContract>;
  #calls = 0;
  /** Since the last answer, or since it got something to do. */
  #workedMs = 0;
  #lookedMs = 0;
  #looks: NodeJS.Timeout | undefined;

  constructor(parts: WatchedThreadParts) {
    this.#parts = parts;
    this.#thread = new LazyThread(parts.entry);
  }

  get pending(): number {
    return this.#calls;
  }

  /** Rejects with a RedactionEndedError when its thread ended. */
  async call<Name extends keyof RedactionContract>(
    name: Name,
    argument: RedactionContract[Name]['argument'],
    transfer: readonly Transferable[],
  ): Promise<RedactionContract[Name]['result']> {
    if (this.#calls === 0) this.#watch();
    this.#calls += 1;
    try {
      return await this.#thread.call(name, argument, transfer);
    } catch (error) {
      if (error instanceof ThreadCallError && error.code !== 'THREAD_ENDED') throw error;
      throw new RedactionEndedError('the thread that redacts was ended; what is sent again goes to another', { cause: error });
    } finally {
      this.#calls -= 1;
      this.#workedMs = 0;
      if (this.#calls === 0) clearInterval(this.#looks);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]();
  }

  #watch(): void {
    this.#workedMs = 0;
    this.#lookedMs = this.#parts.monotonic();
    clearInterval(this.#looks);
    this.#looks = setInterval(() => this.#look(), this.#parts.looksMs).unref();
  }

  #look(): void {
    const nowMs = this.#parts.monotonic();
    this.#workedMs += Math.min(nowMs - this.#lookedMs, redactLookCountsMsMax);
    this.#lookedMs = nowMs;
    if (this.#workedMs < this.#parts.msMax) return;
    this.#workedMs = 0;
    this.#parts.onStuck();
    void this.#thread.terminate();
  }
}
