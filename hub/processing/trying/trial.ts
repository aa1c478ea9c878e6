/**
 * Pipelines that are tried, in a thread of their own. A line that holds it up at a step, or takes too much memory there, has failed at that
 * step, as in the hub: the thread is replaced, and the lines are tried again with that known.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import { formatBytes, formatDuration } from '@tributary/shared/options/units.ts';
import { printable } from '@tributary/shared/printable.ts';
import { LazyThread } from '../../groups/lazy-thread.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import { checkMsMax, heapHeadroomBytes, processMsMax, threadLooksMs } from '../limits.ts';
import { progressBuffer, ProgressReader, ProgressWriter, type StepPlace } from '../thread-progress.ts';
import type { StepProfile } from './profile.ts';
import type { Opened, OpenRequest, TrialContract, TrialThreadData, TryResult } from './trial-contract.ts';
import type { KnownFailure, TriedMeta } from './tried.ts';

export interface TrialLimits {
  readonly scriptTimeLimitMs: number;
  readonly memoryBytes: number;
}

/** It was ended because of what was tried. */
export class TrialEnded extends Error {
  override readonly name = 'TrialEnded';
  readonly type: KnownFailure['type'];
  readonly at: StepPlace | undefined;

  constructor(type: KnownFailure['type'], reason: string, at: StepPlace | undefined) {
    super(reason);
    this.type = type;
    this.at = at;
  }
}

export class Trial implements AsyncDisposable {
  readonly #limits: TrialLimits;
  readonly #thread: LazyThread<TrialContract>;
  readonly #buffer: SharedArrayBuffer;
  readonly #progress: ProgressReader;
  #open: OpenRequest | undefined;
  #isOpen = false;

  constructor(entry: WorkerEntry, limits: TrialLimits) {
    const progress = progressBuffer();
    this.#buffer = progress;
    const workerData: TrialThreadData = { progress, scriptTimeLimitMs: limits.scriptTimeLimitMs };
    const maxOldGenerationSizeMb = Math.ceil((limits.memoryBytes + heapHeadroomBytes) / (1024 * 1024));
    this.#limits = limits;
    this.#progress = new ProgressReader(progress);
    this.#thread = new LazyThread(entry, { workerData, resourceLimits: { maxOldGenerationSizeMb } });
  }

  /** Of what is tried from now on. Rejects with a TrialEnded where making it does not end. */
  async open(source: PipelineSource, meta: TriedMeta): Promise<Opened> {
    return await this.#openThis({ source, meta, isSame: false });
  }

  /** The pipeline that is open, for lines that have nothing to do with those before. */
  async openAgain(meta: TriedMeta): Promise<void> {
    assert(this.#open !== undefined, 'a pipeline was opened before');
    await this.#openThis({ ...this.#open, meta, isSame: this.#isOpen });
  }

  async #openThis(request: OpenRequest): Promise<Opened> {
    this.#open = { ...request, isSame: false };
    const opened = await this.#watched(() => this.#thread.call('open', request), checkMsMax);
    this.#isOpen = !('problems' in opened);
    return opened;
  }

  /** In their order. */
  async try(lines: readonly Uint8Array[]): Promise<TryResult> {
    const failing: (KnownFailure & { readonly line: number })[] = [];
    for (;;) {
      try {
        await this.#openIfGone();
        return await this.#watched(() => this.#thread.call('try', { lines, failing }), processMsMax);
      } catch (error) {
        if (!(error instanceof TrialEnded) || error.at === undefined) throw error;
        const { record, step } = error.at;
        if (failing.some((one) => one.line === record && one.step === step)) throw error;
        failing.push({ line: record, step, type: error.type, reason: `it ${error.message}` });
      }
    }
  }

  async profile(lines: readonly Uint8Array[]): Promise<readonly StepProfile[]> {
    await this.#openIfGone();
    return await this.#watched(() => this.#thread.call('profile', lines), processMsMax);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }

  async #openIfGone(): Promise<void> {
    if (!this.#isOpen && this.#open !== undefined) await this.#openThis(this.#open);
  }

  async #watched<Result>(call: () => Promise<Result>, msMax: number): Promise<Result> {
    const watch: Watch = { end: undefined };
    let sameMs = 0;
    let begun = -1;
    const look = setInterval(() => {
      const place = this.#progress.read();
      sameMs = place.begun === begun ? sameMs + threadLooksMs : 0;
      begun = place.begun;
      const limitMs = place.limitMs > 0 ? place.limitMs : msMax;
      if (sameMs > limitMs)
        this.#terminate(watch, new TrialEnded('timeout', `took longer than ${formatDuration(limitMs)}`, place.at));
      else if (place.limitMs > 0) void this.#measure(watch, place.at);
    }, threadLooksMs);
    try {
      return await call();
    } catch (error) {
      this.#isOpen = false;
      const { at } = this.#progress.read();
      // The thread is gone, and the next one is nowhere yet.
      new ProgressWriter(this.#buffer).leave();
      if (watch.end !== undefined) throw watch.end;
      const message = printable(error instanceof Error ? error.message : String(error));
      throw new TrialEnded('crash', `ended its thread: ${message}`, at);
    } finally {
      clearInterval(look);
      watch.end ??= overBefore;
    }
  }

  async #measure(watch: Watch, at: StepPlace | undefined): Promise<void> {
    const { memoryBytes } = this.#limits;
    // It may have ended meanwhile, which is told elsewhere.
    const usage = await this.#thread.usage().catch(() => undefined);
    if (usage !== undefined && usage.memoryBytes > memoryBytes)
      this.#terminate(watch, new TrialEnded('memory', `took more memory than ${formatBytes(memoryBytes)}`, at));
  }

  #terminate(watch: Watch, end: TrialEnded): void {
    if (watch.end !== undefined) return;
    watch.end = end;
    void this.#thread.terminate().catch(() => undefined);
  }
}

/** Of one call. */
interface Watch {
  /** Why its thread was ended. */
  end: TrialEnded | undefined;
}

/** It was answered: nothing that is seen later ends its thread. */
const overBefore = new TrialEnded('crash', 'was over', undefined);
