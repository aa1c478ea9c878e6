/** What pipelines are made with in the hub's threads, and what their steps tell meanwhile. */
import { env } from 'node:process';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { StepProblem } from './call-terms.ts';
import { compileExpressions } from './conditions/compile-conditions.ts';
import type { BesideFiles } from './definition/beside-files.ts';
import type { CompileHost } from './definition/compile.ts';
import { type ScriptLimits, scriptLimitsDefault } from './thread-data.ts';

/** What the steps of pipelines have to tell, as long as it is so. */
export class ToldProblems {
  /** By pipeline, then by step. */
  readonly #problems = new Map<string, Map<string, string>>();

  readonly tell: CompileHost['tell'] = ({ pipeline, step }, problem) => {
    const ofPipeline = this.#problems.getOrInsertComputed(pipeline, () => new Map<string, string>());
    if (problem === undefined) ofPipeline.delete(step);
    else ofPipeline.set(step, problem);
  };

  of(pipeline: string): readonly StepProblem[] {
    const found = this.#problems.get(pipeline);
    return found === undefined ? [] : [...found].map(([step, problem]) => ({ step, problem }));
  }
}

export interface CompileHostParts {
  readonly beside: BesideFiles;
  readonly watchFile: CompileHost['watchFile'];
  readonly tell: CompileHost['tell'];
  readonly scripts?: ScriptLimits;
  readonly clock?: Clock;
  readonly outputs?: readonly string[] | undefined;
  readonly outputsNow?: readonly string[] | undefined;
}

export function compileHost({
  beside,
  watchFile,
  tell,
  scripts = scriptLimitsDefault,
  clock = systemClock,
  outputs,
  outputsNow,
}: CompileHostParts): CompileHost {
  const readFile: CompileHost['readFile'] = (path, option, place) => beside.read(path, option, place);
  return {
    env,
    clock,
    expressions: compileExpressions,
    watchFile,
    readFile,
    outputs,
    outputsNow,
    scriptTimeLimitMs: scripts.timeLimitMs,
    tell,
  };
}
