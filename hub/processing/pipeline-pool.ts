/**
 * The threads that all pipelines share, fairly: channels take turns, none has all of the threads, and behind a batch in a thread waits
 * only another one of the same channel. So one whose batches are slow, or never end, leaves the others their threads.
 *
 * A thread that works on one batch for longer than it may is ended and replaced. The batch is `stuck`; what waited behind it is `lost`,
 * through no fault of its own. A thread that dies by itself fails its calls and is replaced at the next one.
 */
import { assert } from '@tributary/shared/assert.ts';
import { wholeBuffer } from '@tributary/shared/async/whole-buffer.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { LazyThread } from '../groups/lazy-thread.ts';
import type { BatchEntry, Processed } from './batch-entry.ts';
import { callsPerThreadMax, poolEndMsMax, processMsMax, threadLooksMs } from './limits.ts';
import { argumentOf, type PipelineContract } from './pipeline-contract.ts';

export interface ProcessOptions {
  readonly channel: ChannelName;
  /** Nothing else is given to its thread meanwhile: it was stuck before. */
  readonly isAlone?: boolean;
}

/** What a pipeline needs of its threads. */
export interface Processor {
  /**
   * Works on entries that follow each other, together. Their bodies may move to a thread: the caller cannot read them any more. Rejects
   * with a WorkEnded when its thread was ended.
   */
  process(entries: readonly BatchEntry[], options: ProcessOptions): Promise<Processed>;
}

/** The thread was ended. The bodies are gone with it: to work on the entries again is to read them again. */
export class WorkEnded extends Error {
  override readonly name = 'WorkEnded';
  /** `stuck`: because of what this very call brought. */
  readonly kind: 'stuck' | 'lost';

  constructor(kind: 'stuck' | 'lost', afterMs: number) {
    const why = kind === 'stuck' ? 'processing it took' : 'what was before it in its thread took';
    super(`${why} longer than ${afterMs / 1000} s, and the thread was ended`);
    this.kind = kind;
  }
}

interface Call extends PromiseWithResolvers<Processed> {
  readonly entries: readonly BatchEntry[];
  readonly channel: ChannelName;
  readonly isAlone: boolean;
}

interface PoolThread {
  readonly thread: LazyThread<PipelineContract>;
  /** The first one is worked on. */
  readonly calls: Call[];
  /** How long it is, as far as this process was running. */
  workedMs: number;
}

export interface PoolOptions {
  /** At least two: one channel may have all but one. */
  readonly size: number;
  readonly processMs?: number;
  readonly endMs?: number;
}

export class PipelinePool implements Processor, AsyncDisposable {
  readonly #entry: WorkerEntry;
  readonly #threads: PoolThread[];
  readonly #perChannelMax: number;
  readonly #processMs: number;
  readonly #endMs: number;
  /** In the order in which they get the next free thread. */
  readonly #waiting = new Map<ChannelName, Call[]>();
  #looking: NodeJS.Timeout | undefined;
  #lookedMs = 0;

  constructor(entry: WorkerEntry, { size, processMs = processMsMax, endMs = poolEndMsMax }: PoolOptions) {
    assert(size >= 2, 'one channel never has all of the threads');
    this.#entry = entry;
    this.#threads = Array.from({ length: size }, () => this.#makeThread());
    this.#perChannelMax = size - 1;
    this.#processMs = processMs;
    this.#endMs = endMs;
  }

  process(entries: readonly BatchEntry[], { channel, isAlone = false }: ProcessOptions): Promise<Processed> {
    const call: Call = { ...Promise.withResolvers<Processed>(), entries, channel, isAlone };
    this.#waiting.getOrInsertComputed(channel, () => []).push(call);
    this.#giveOut();
    return call.promise;
  }

  /** Lets what was handed over finish, but waits for nothing that is stuck. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    const late = setTimeout(() => {
      for (const { thread } of this.#threads) void thread.terminate();
    }, this.#endMs);
    await Promise.all(this.#threads.map(({ thread }) => thread[Symbol.asyncDispose]()));
    clearTimeout(late);
  }

  #makeThread(): PoolThread {
    return { thread: new LazyThread<PipelineContract>(this.#entry), calls: [], workedMs: 0 };
  }

  /** Each channel one call in turn, until no waiting one can be given to a thread. */
  #giveOut(): void {
    for (let given = true; given;) {
      given = false;
      for (const [channel, calls] of this.#waiting.entries().toArray()) {
        const [call] = calls;
        const thread = call === undefined ? undefined : this.#threadFor(call);
        if (call === undefined || thread === undefined) continue;
        calls.shift();
        this.#waiting.delete(channel);
        if (calls.length > 0) this.#waiting.set(channel, calls);
        this.#give(thread, call);
        given = true;
      }
    }
  }

  #threadFor({ channel, isAlone }: Call): PoolThread | undefined {
    const own = this.#threads.filter(({ calls }) => calls[0]?.channel === channel);
    if (own.length < this.#perChannelMax) {
      const free = this.#threads.find(({ calls }) => calls.length === 0);
      if (free !== undefined) return free;
    }
    if (isAlone) return undefined;
    // While it is answered and asked again the thread would have nothing to do.
    return own.find(({ calls }) => calls.length < callsPerThreadMax && calls.every((call) => !call.isAlone));
  }

  #give(place: PoolThread, call: Call): void {
    place.calls.push(call);
    if (place.calls.length === 1) place.workedMs = 0;
    const argument = argumentOf(call.entries);
    void this.#answered(place, call, place.thread.call('process', argument, wholeBuffer(argument.bodies)));
    this.#lookWhileBusy();
  }

  /** Never rejects: what the thread answers, or fails with, is the call's. */
  async #answered(place: PoolThread, call: Call, answer: Promise<Processed>): Promise<void> {
    const outcome = await answer.then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    const index = place.calls.indexOf(call);
    // It was taken from a thread that was ended, and has its answer.
    if (index === -1) return;
    place.calls.splice(index, 1);
    place.workedMs = 0;
    if ('result' in outcome) call.resolve(outcome.result);
    else call.reject(outcome.error);
    this.#giveOut();
  }

  #lookWhileBusy(): void {
    if (this.#looking !== undefined) return;
    this.#lookedMs = performance.now();
    this.#looking = setInterval(() => this.#look(), threadLooksMs);
  }

  /** A process that was stopped for a while did not work meanwhile: of such a time only so much counts. */
  #look(): void {
    const nowMs = performance.now();
    const passedMs = Math.min(nowMs - this.#lookedMs, 2 * threadLooksMs);
    this.#lookedMs = nowMs;
    for (const [index, place] of this.#threads.entries()) {
      if (place.calls.length === 0) continue;
      place.workedMs += passedMs;
      if (place.workedMs > this.#processMs) this.#end(index, place);
    }
    if (this.#threads.some(({ calls }) => calls.length > 0)) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #end(index: number, place: PoolThread): void {
    this.#threads[index] = this.#makeThread();
    const calls = place.calls.splice(0);
    void place.thread.terminate();
    for (const [behind, call] of calls.entries()) call.reject(new WorkEnded(behind === 0 ? 'stuck' : 'lost', this.#processMs));
    this.#giveOut();
  }
}
