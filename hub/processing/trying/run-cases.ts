/** The cases of one file, run; and which of the pipeline's steps none of them ran. */
import type { ConfigProblem } from '@tributary/shared/options/config-file.ts';
import { type CaseFile, linesOf, metaOf, placeIn, type TestCase } from './case-file.ts';
import { differencesOf } from './compare-case.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import type { Trial } from './trial.ts';
import type { TriedLine } from './tried.ts';

export interface CaseResult {
  readonly name: string;
  readonly test: TestCase;
  readonly ms: number;
  /** What came out. */
  readonly lines: readonly TriedLine[];
  /** Empty: it passed. With their places in the file of cases. */
  readonly problems: readonly ConfigProblem[];
}

export interface StepCoverage {
  readonly index: number;
  readonly name: string;
  readonly isRun: boolean;
}

export interface FileResult {
  readonly pipeline: string;
  /** Of the cases; undefined where the pipeline has none. */
  readonly file: string | undefined;
  readonly cases: readonly CaseResult[];
  readonly steps: readonly StepCoverage[];
}

export type RanFile = FileResult | { readonly problems: string };

/** `cases` undefined: only the pipeline's steps are told, none of which was run. */
export async function runCases(source: PipelineSource, cases: CaseFile | undefined, trial: Trial): Promise<RanFile> {
  const first = cases?.content.cases[0];
  const meta = cases === undefined || first === undefined ? anyMeta : metaOf(cases, first);
  const opened = await trial.open(source, meta);
  if ('problems' in opened) return opened;
  const isRun = new Set<number>();
  const results: CaseResult[] = [];
  for (const [index, test] of (cases?.content.cases ?? []).entries()) {
    if (cases === undefined) break;
    const startedMs = performance.now();
    // Each is for itself, also where a pipeline remembers what it saw; and its lines may come from elsewhere.
    await trial.openAgain(metaOf(cases, test));
    const { lines } = await trial.try(linesOf(test));
    for (const { steps } of lines) for (const step of steps) if (step.outcome !== 'passed over') isRun.add(step.index);
    const problems = differencesOf(test, lines).map(({ path, message }) => placeIn(cases, ['cases', index, ...path], message));
    results.push({ name: test.name ?? `case ${index + 1}`, test, ms: performance.now() - startedMs, lines, problems });
  }
  const steps = opened.steps.map(({ name }, index) => ({ index, name, isRun: isRun.has(index) }));
  return { pipeline: source.name, file: cases?.file, cases: results, steps };
}

const anyMeta = { tenant: 'default', type: 'app', host: 'localhost', path: '/', labels: {}, receivedMs: 0 };
