/** What people ought to know of pipelines that run: steps that are switched off (red), and what steps have to tell (yellow). */
import type { Finding, Findings } from '../health/findings.ts';
import type { StepProblem } from './call-terms.ts';
import type { Generation } from './generation.ts';
import { problemCharactersMax, stepEndsMax } from './limits.ts';
import type { BrokenStep } from './step-breaker.ts';

export class PipelineFindings {
  readonly #findings: Pick<Findings, 'set'>;
  readonly #problems = new Map<string, readonly StepProblem[]>();

  constructor(findings: Pick<Findings, 'set'>) {
    this.#findings = findings;
  }

  /** All that a pipeline's steps have to tell now. */
  problems(pipeline: string, problems: readonly StepProblem[]): void {
    if (problems.length === 0) this.#problems.delete(pipeline);
    else this.#problems.set(pipeline, problems);
    const found = [...this.#problems].flatMap(([name, all]) => all.map((one) => problemFinding(name, one)));
    this.#findings.set('pipeline-step', found);
  }

  /** All that are switched off now. */
  switchedOff(steps: readonly BrokenStep[], generation: Generation): void {
    this.#findings.set(
      'pipeline-step-off',
      steps.map(({ pipeline, step, reason }) => {
        const name = generation.factsOf(pipeline)?.steps[step] ?? String(step);
        const what = `step ${name} ended its thread ${stepEndsMax} times within a minute and is switched off for a while`;
        return {
          kind: 'pipeline-step-off',
          subject: `${pipeline} ${step}`,
          level: 'red',
          reason: `pipeline ${pipeline}: ${what}: its records fail with error.type switched_off; the last one ${reason}`,
        };
      }),
    );
  }
}

function problemFinding(pipeline: string, { step, problem }: StepProblem): Finding {
  return {
    kind: 'pipeline-step',
    subject: `${pipeline} ${step}`,
    level: 'yellow',
    reason: `pipeline ${pipeline}, step ${step}: ${problem.slice(0, problemCharactersMax)}`,
  };
}
