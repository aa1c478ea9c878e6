/** What the threads of a pool show of the pipelines: steps that end them, and what steps have to tell. Health is told all of it. */
import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '@tributary/shared/clock.ts';
import type { ProcessReport, StepProblem, SwitchedOffStep } from './call-terms.ts';
import type { Generation } from './generation.ts';
import { type BrokenStep, StepBreaker } from './step-breaker.ts';

export interface ThreadsWatchParts {
  /** In milliseconds, by a clock that is never set. */
  readonly monotonic?: () => number;
  /** Called with what a pipeline's steps tell in any of its threads, when that is another. */
  readonly onProblems?: (pipeline: string, problems: readonly StepProblem[]) => void;
}

export class ThreadsWatch {
  readonly #parts: ThreadsWatchParts;
  readonly #breaker: StepBreaker;
  /** Of each thread, by its pipelines. */
  readonly #problems = new Map<object, Map<string, readonly StepProblem[]>>();
  readonly #told = new Map<string, string>();

  constructor(parts: ThreadsWatchParts) {
    this.#parts = parts;
    this.#breaker = new StepBreaker(parts.monotonic ?? (() => systemClock.monotonic()));
  }

  switchedOff(pipeline: string): readonly SwitchedOffStep[] {
    return this.#breaker.switchedOff(pipeline);
  }

  /** Steps that are off now. */
  brokenSteps(): readonly BrokenStep[] {
    return this.#breaker.all();
  }

  stepEnded(step: BrokenStep): void {
    this.#breaker.ended(step);
  }

  reported(thread: object, report: ProcessReport | undefined): void {
    if (report === undefined) return;
    const { pipeline, problems } = report;
    const ofThread = this.#problems.getOrInsertComputed(thread, () => new Map<string, readonly StepProblem[]>());
    if (problems.length === 0) ofThread.delete(pipeline);
    else ofThread.set(pipeline, problems);
    this.#tell(pipeline);
  }

  gone(thread: object): void {
    const pipelines = [...(this.#problems.get(thread)?.keys() ?? [])];
    this.#problems.delete(thread);
    for (const pipeline of pipelines) this.#tell(pipeline);
  }

  /** A pipeline that is another one now, also by a script beside it, begins anew. */
  changed(before: Generation, after: Generation): void {
    const sources = new Map(after.set.sources.map((source) => [source.name, source]));
    for (const source of before.set.sources)
      if (!isDeepStrictEqual(sources.get(source.name), source)) this.#breaker.forget(source.name);
  }

  #tell(pipeline: string): void {
    const all = [...this.#problems.values()].flatMap((ofThread) => ofThread.get(pipeline) ?? []);
    const different = new Map(all.map((one) => [`${one.step}\n${one.problem}`, one]));
    const problems = [...different.keys()].toSorted().flatMap((key) => different.get(key) ?? []);
    const text = problems.map(({ step, problem }) => `${step}\n${problem}`).join('\n');
    if ((this.#told.get(pipeline) ?? '') === text) return;
    this.#told.set(pipeline, text);
    this.#parts.onProblems?.(pipeline, problems);
  }
}
