/**
 * The threads that all pipelines share, fairly: channels take turns, none has all of the threads, and behind a batch in a thread waits
 * only another one of the same channel. So one whose batches are slow, or never end, leaves the others their threads.
 *
 * A thread that has to be ended (pool-thread.ts) is replaced. The batch that brought it is `stuck`; what waited with it is `lost`, through
 * no fault of its own. A step that ends threads again and again is switched off for a while (step-breaker.ts).
 *
 * Threads have the pipelines of one generation. Another one has threads of its own, which start when they are needed; the ones before
 * finish what they were given, and end. A pipeline that keeps state has one thread, always the same.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { BatchEntry, Processed } from './batch-entry.ts';
import type { FailingRecord } from './call-terms.ts';
import { emptyGeneration, type Generation } from './generation.ts';
import {
  callsPerThreadMax,
  lookCountsMsMax,
  poolEndMsMax,
  processMsMax,
  threadLooksMs,
  threadMemoryBytesDefault,
} from './limits.ts';
import { type PoolCall, PoolThread, type ThreadEnd, type ThreadLimits } from './pool-thread.ts';
import { scriptLimitsDefault } from './thread-data.ts';
import type { BrokenStep } from './step-breaker.ts';
import { ThreadsWatch, type ThreadsWatchParts } from './threads-watch.ts';

export interface ProcessOptions {
  readonly channel: ChannelName;
  /** Nothing else is given to its thread meanwhile: it was stuck before. */
  readonly isAlone?: boolean;
  /** Records that ended a thread before (WorkEnded.failing): they have failed where they did. */
  readonly failing?: readonly FailingRecord[];
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
  /** The record and step that it was at, where that is known: to be given with the next call for the same entries. */
  readonly failing: FailingRecord | undefined;

  constructor(kind: 'stuck' | 'lost', reason: string, failing?: FailingRecord) {
    super(kind === 'stuck' ? `processing it ${reason}` : `what was in the same thread ${reason}`);
    this.kind = kind;
    this.failing = failing;
  }
}

export interface PoolOptions extends ThreadsWatchParts {
  /** At least two: one channel may have all but one. */
  readonly size: number;
  readonly limits?: Partial<ThreadLimits>;
  readonly endMs?: number;
  readonly crashPoint?: string | undefined;
}

const limitsDefault: ThreadLimits = {
  processMs: processMsMax,
  memoryBytes: threadMemoryBytesDefault,
  scripts: scriptLimitsDefault,
};

export class PipelinePool implements Processor, AsyncDisposable {
  readonly #entry: WorkerEntry;
  readonly #threads: PoolThread[];
  /** Of generations before: they finish what they have. */
  readonly #retired = new Set<PoolThread>();
  readonly #perChannelMax: number;
  readonly #endMs: number;
  readonly #crashPoint: string | undefined;
  readonly #watch: ThreadsWatch;
  /** In the order in which they get the next free thread. */
  readonly #waiting = new Map<ChannelName, PoolCall[]>();
  /** The thread of each pipeline that keeps state. */
  readonly #homes = new Map<string, PoolThread>();
  #limits: ThreadLimits;
  #generation = emptyGeneration;
  #looking: NodeJS.Timeout | undefined;
  #lookedMs = 0;
  #calls = 0;

  constructor(entry: WorkerEntry, { size, limits, endMs = poolEndMsMax, crashPoint, ...watch }: PoolOptions) {
    assert(size >= 2, 'one channel never has all of the threads');
    this.#entry = entry;
    this.#limits = { ...limitsDefault, ...limits };
    this.#perChannelMax = size - 1;
    this.#endMs = endMs;
    this.#crashPoint = crashPoint;
    this.#watch = new ThreadsWatch(watch);
    this.#threads = Array.from({ length: size }, () => this.#makeThread());
  }

  process(entries: readonly BatchEntry[], { channel, isAlone = false, failing = [] }: ProcessOptions): Promise<Processed> {
    if (this.#generation.isHeld(channel)) return Promise.reject(heldError(channel));
    this.#calls += 1;
    const call: PoolCall = {
      ...Promise.withResolvers<Processed>(),
      number: this.#calls,
      entries,
      channel,
      isAlone,
      failing,
    };
    this.#waiting.getOrInsertComputed(channel, () => []).push(call);
    this.#giveOut();
    return call.promise;
  }

  /** Steps that are switched off now. */
  brokenSteps(): readonly BrokenStep[] {
    return this.#watch.brokenSteps();
  }

  /** What is given out from now on goes to threads with these pipelines and limits. */
  change(generation: Generation, limits: Partial<ThreadLimits> = {}): void {
    this.#watch.changed(this.#generation, generation);
    this.#generation = generation;
    this.#limits = { ...this.#limits, ...limits };
    this.#homes.clear();
    for (const [index, thread] of this.#threads.entries()) {
      this.#threads[index] = this.#makeThread();
      this.#retired.add(thread);
      this.#endIfDone(thread);
    }
    for (const [channel, calls] of this.#waiting) {
      if (!generation.isHeld(channel)) continue;
      this.#waiting.delete(channel);
      for (const call of calls) call.reject(heldError(channel));
    }
    this.#giveOut();
  }

  /** Lets what was handed over finish, but waits for nothing that is stuck. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    const threads = [...this.#threads, ...this.#retired];
    const late = setTimeout(() => {
      for (const thread of threads) void thread.terminate().catch(() => undefined);
    }, this.#endMs);
    await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]()));
    clearTimeout(late);
  }

  #makeThread(): PoolThread {
    return new PoolThread({
      entry: this.#entry,
      generation: this.#generation,
      limits: this.#limits,
      crashPoint: this.#crashPoint,
      onEnded: (thread, calls, end) => this.#ended(thread, calls, end),
    });
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

  #threadFor(call: PoolCall): PoolThread | undefined {
    const { channel } = call;
    const pipeline = this.#generation.pipelineOf(channel);
    if (pipeline !== undefined && this.#generation.factsOf(pipeline)?.keepsState === true) return this.#homeFor(pipeline, call);
    const own = this.#threads.filter(({ calls }) => calls[0]?.channel === channel);
    if (own.length < this.#perChannelMax) {
      const free = this.#freeThread(channel);
      if (free !== undefined) return free;
    }
    return own.find((thread) => hasRoomFor(thread, call));
  }

  /** What the thread of a generation before works on still is before what comes now. */
  #homeFor(pipeline: string, call: PoolCall): PoolThread | undefined {
    const isOfPipeline = ({ channel }: PoolCall): boolean => this.#generation.pipelineOf(channel) === pipeline;
    if ([...this.#retired].some(({ calls }) => calls.some(isOfPipeline))) return undefined;
    const home = this.#homes.get(pipeline);
    if (home !== undefined) return home.calls.length === 0 || hasRoomFor(home, call) ? home : undefined;
    const free = this.#freeThread(call.channel);
    if (free !== undefined) this.#homes.set(pipeline, free);
    return free;
  }

  /**
   * Rather one that no pipeline has to have, and one that runs already, best for this channel: else a channel would have to wait for the
   * start of a thread only because another one had its thread ended.
   */
  #freeThread(channel: ChannelName): PoolThread | undefined {
    const homes = new Set(this.#homes.values());
    const worthOf = (thread: PoolThread): number =>
      (homes.has(thread) ? 0 : 4) + (thread.hasRun ? 2 : 0) + (thread.lastChannel === channel ? 1 : 0);
    const free = this.#threads.filter(({ calls }) => calls.length === 0);
    return free.toSorted((one, other) => worthOf(other) - worthOf(one))[0];
  }

  #give(thread: PoolThread, call: PoolCall): void {
    const pipeline = this.#generation.pipelineOf(call.channel);
    const answer = thread.give(call, pipeline === undefined ? [] : this.#watch.switchedOff(pipeline));
    void this.#answered(thread, call, answer);
    this.#lookWhileBusy();
  }

  /** Never rejects: what the thread answers, or fails with, is the call's. */
  async #answered(thread: PoolThread, call: PoolCall, answer: Promise<Processed>): Promise<void> {
    const outcome = await answer.then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    // It was taken from a thread that was ended, and has its answer.
    if (!thread.answered(call)) return;
    if ('result' in outcome) {
      this.#watch.reported(thread, outcome.result.report);
      call.resolve(outcome.result);
    } else call.reject(outcome.error);
    this.#endIfDone(thread);
    this.#giveOut();
  }

  #endIfDone(thread: PoolThread): void {
    if (thread.calls.length > 0 || !this.#retired.delete(thread)) return;
    this.#watch.gone(thread);
    void thread[Symbol.asyncDispose]();
  }

  #lookWhileBusy(): void {
    if (this.#looking !== undefined) return;
    this.#lookedMs = performance.now();
    this.#looking = setInterval(() => this.#look(), threadLooksMs);
  }

  #look(): void {
    const nowMs = performance.now();
    const passedMs = Math.min(nowMs - this.#lookedMs, lookCountsMsMax);
    this.#lookedMs = nowMs;
    const threads = [...this.#threads, ...this.#retired];
    for (const thread of threads) thread.look(passedMs);
    if (threads.some(({ calls }) => calls.length > 0) || this.#waiting.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #ended(thread: PoolThread, calls: readonly PoolCall[], end: ThreadEnd): void {
    const index = this.#threads.indexOf(thread);
    if (index !== -1) this.#threads[index] = this.#makeThread();
    this.#retired.delete(thread);
    for (const [pipeline, home] of this.#homes) if (home === thread) this.#homes.delete(pipeline);
    this.#watch.gone(thread);
    const { type, reason, call: culprit, at } = end;
    const generation = thread.generation.number;
    const failing = at === undefined ? undefined : { ...at, type, reason: `processing it ${reason}`, generation };
    const pipeline = culprit === undefined ? undefined : thread.generation.pipelineOf(culprit.channel);
    if (pipeline !== undefined && failing !== undefined && generation === this.#generation.number)
      this.#watch.stepEnded({ pipeline, step: failing.step, reason });
    for (const call of calls) {
      call.reject(call === culprit ? new WorkEnded('stuck', reason, failing) : new WorkEnded('lost', reason));
    }
    this.#giveOut();
  }
}

function heldError(channel: ChannelName): Error {
  return new Error(`${channel} waits until its pipeline is good`);
}

/** While it is answered and asked again the thread would have nothing to do. */
function hasRoomFor({ calls }: PoolThread, { channel, isAlone }: PoolCall): boolean {
  if (isAlone || calls.length >= callsPerThreadMax) return false;
  return calls[0]?.channel === channel && calls.every((call) => !call.isAlone);
}
