/**
 * One of a pool's threads with what it was given. It is looked at from outside, as one that is stuck answers nobody, and is ended
 *
 * - when it does not get on: at one step with one record for longer than it may, as far as it was given the processor, or with a call for
 *   longer than it may (`timeout`);
 * - when it has more memory than it may while a script runs in it, or V8 ended it for that (`memory`);
 * - when it died of something else (`crash`).
 *
 * Where it was tells which of its calls brought that, and with which record (thread-progress.ts).
 */
import { wholeBuffer } from '@tributary/shared/async/whole-buffer.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import { formatBytes, formatDuration } from '@tributary/shared/options/units.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { LazyThread } from '../groups/lazy-thread.ts';
import type { BatchEntry, Processed } from './batch-entry.ts';
import type { FailingRecord, SwitchedOffStep } from './call-terms.ts';
import type { Generation } from './generation.ts';
import { callCopiesMax, callMsMax, heapHeadroomBytes, problemCharactersMax, starvedTimesMax } from './limits.ts';
import { argumentOf, type PipelineContract } from './pipeline-contract.ts';
import type { ScriptLimits, ThreadData } from './thread-data.ts';
import { progressBuffer, ProgressReader, type StepPlace, type ThreadPlace } from './thread-progress.ts';

export interface PoolCall extends PromiseWithResolvers<Processed> {
  /** From 1 on. */
  readonly number: number;
  readonly entries: readonly BatchEntry[];
  readonly channel: ChannelName;
  readonly isAlone: boolean;
  readonly failing: readonly FailingRecord[];
}

export interface ThreadLimits {
  /** How long it may be at the same, as far as this process was running. */
  readonly processMs: number;
  /** What it may have of memory, besides what its calls bring. */
  readonly memoryBytes: number;
  readonly scripts: ScriptLimits;
}

export interface ThreadEnd {
  readonly type: FailingRecord['type'];
  /** Goes on from "processing it". */
  readonly reason: string;
  /** The call that brought it; undefined: none that is known. */
  readonly call: PoolCall | undefined;
  /** Undefined where that is not known. */
  readonly at: StepPlace | undefined;
}

export interface PoolThreadParts {
  readonly entry: WorkerEntry;
  readonly generation: Generation;
  readonly limits: ThreadLimits;
  readonly crashPoint: string | undefined;
  /** It is gone, and answers none of its calls: they are the pool's now. */
  readonly onEnded: (thread: PoolThread, calls: readonly PoolCall[], end: ThreadEnd) => void;
}

const mebibyte = 1024 * 1024;

export class PoolThread implements AsyncDisposable {
  readonly generation: Generation;
  /** The first one is worked on. */
  readonly calls: PoolCall[] = [];
  readonly #parts: PoolThreadParts;
  readonly #thread: LazyThread<PipelineContract>;
  readonly #progress: ProgressReader;
  /** How long it is at its first call, and at the same of it. */
  #workedMs = 0;
  #sameMs = 0;
  #begun = 0;
  #isMeasured = false;
  /** When it was seen first at what it is at: by its own processor time. */
  #seen = { begun: 0, cpuMs: 0 };
  #wasOver = false;
  #isEnded = false;
  #lastChannel: ChannelName | undefined;

  constructor(parts: PoolThreadParts) {
    const { entry, generation, limits, crashPoint } = parts;
    const progress = progressBuffer();
    const workerData: ThreadData = { set: generation.set, progress, scripts: limits.scripts, crashPoint };
    const maxOldGenerationSizeMb = Math.ceil((limits.memoryBytes + heapHeadroomBytes) / mebibyte);
    const options = generation.runsScripts ? { workerData, resourceLimits: { maxOldGenerationSizeMb } } : { workerData };
    this.generation = generation;
    this.#parts = parts;
    this.#progress = new ProgressReader(progress);
    this.#thread = new LazyThread(entry, options, (error) => this.#died(error));
  }

  /** Of what it was given last; undefined: it has not been started. */
  get lastChannel(): ChannelName | undefined {
    return this.#lastChannel;
  }

  get hasRun(): boolean {
    return this.#lastChannel !== undefined;
  }

  give(call: PoolCall, switchedOff: readonly SwitchedOffStep[]): Promise<Processed> {
    const { channel, number, entries } = call;
    if (this.calls.length === 0) this.#beginAnew();
    this.calls.push(call);
    this.#lastChannel = channel;
    // In another generation's pipeline the step may be another one.
    const failing = call.failing.filter(({ generation }) => generation === this.generation.number);
    const argument = argumentOf(entries, { channel, call: number, failing, switchedOff });
    return this.#thread.call('process', argument, wholeBuffer(argument.bodies));
  }

  /** False: it was ended before, and its answer is not wanted any more. */
  answered(call: PoolCall): boolean {
    const index = this.calls.indexOf(call);
    if (index === -1) return false;
    this.calls.splice(index, 1);
    this.#beginAnew();
    return true;
  }

  /** `passedMs` since the last look, as far as this process was running. */
  look(passedMs: number): void {
    if (this.calls.length === 0) return;
    const place = this.#progress.read();
    this.#workedMs += passedMs;
    this.#sameMs = place.begun === this.#begun ? this.#sameMs + passedMs : 0;
    this.#begun = place.begun;
    const { processMs } = this.#parts.limits;
    // It answers no longer how much it has used.
    if (place.limitMs > 0 && this.#sameMs > starvedTimesMax * place.limitMs) this.#endLate(place);
    else if (this.#sameMs > processMs || this.#workedMs > Math.max(processMs, callMsMax))
      this.#end('timeout', `took longer than ${formatDuration(Math.min(processMs, this.#workedMs))}`, this.#isAtSame(place));
    else if (place.limitMs > 0) void this.#measure();
  }

  /** In the middle of what it does. */
  async terminate(): Promise<void> {
    await this.#thread.terminate();
  }

  /** Lets what was handed over finish. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]();
  }

  #beginAnew(): void {
    this.#workedMs = 0;
    this.#sameMs = 0;
  }

  /** A call that gets on is slow as a whole: then it is not the record's fault that it is at now. */
  #isAtSame(place: ThreadPlace): ThreadPlace {
    return this.#sameMs > this.#parts.limits.processMs ? place : { ...place, at: undefined };
  }

  /** Never rejects. What is seen once may be garbage that is about to be collected. */
  async #measure(): Promise<void> {
    if (this.#isMeasured) return;
    this.#isMeasured = true;
    const usage = await this.#thread.usage().catch(() => undefined);
    this.#isMeasured = false;
    if (usage === undefined || this.#isEnded || this.calls.length === 0) return;
    const { memoryBytes } = this.#parts.limits;
    const isOver = usage.memoryBytes > memoryBytes + callCopiesMax * broughtBytes(this.calls);
    const place = this.#progress.read();
    if (this.#seen.begun !== place.begun) this.#seen = { begun: place.begun, cpuMs: usage.cpuMs };
    if (isOver && this.#wasOver) this.#end('memory', `took more than ${formatBytes(memoryBytes)} of memory`, inScript(place));
    else if (place.limitMs > 0 && usage.cpuMs - this.#seen.cpuMs > place.limitMs) this.#endLate(place);
    this.#wasOver = isOver;
  }

  #endLate(place: ThreadPlace): void {
    this.#end('timeout', `took longer than ${formatDuration(place.limitMs)} with one record`, place);
  }

  #died(error: Error): void {
    if (this.#isEnded || this.calls.length === 0) return;
    const place = this.#progress.read();
    if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      this.#end('memory', 'took all the memory that there was', place);
      return;
    }
    const message = printable(error.message).slice(0, problemCharactersMax);
    this.#end('crash', `ended its thread: ${message}`, inScript(place));
  }

  #end(type: ThreadEnd['type'], reason: string, { call: number, at }: ThreadPlace): void {
    this.#isEnded = true;
    const calls = this.calls.splice(0);
    const call = calls.find((one) => one.number === number);
    void this.#thread.terminate().catch(() => undefined);
    this.#parts.onEnded(this, calls, { type, reason, call: call ?? calls[0], at: call === undefined ? undefined : at });
  }
}

/** What a script brought about; anything else may be of another record, or of none. */
function inScript(place: ThreadPlace): ThreadPlace {
  return place.limitMs > 0 ? place : { ...place, at: undefined };
}

function broughtBytes(calls: readonly PoolCall[]): number {
  return calls.reduce((sum, { entries }) => sum + entries.reduce((bytes, entry) => bytes + entry.inflatedBytes, 0), 0);
}
