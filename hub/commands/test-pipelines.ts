/** `test`: the cases beside pipelines, for people and their CI. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigError, formatProblem } from '@tributary/shared/options/problem.ts';
import { readFailure } from '@tributary/shared/options/substitute.ts';
import { printable } from '@tributary/shared/printable.ts';
import { readPipelines } from '../processing/definition/read-pipelines.ts';
import { sourceOf } from '../processing/definition/compiled-pipelines.ts';
import type { PipelineSet } from '../processing/definition/pipeline-set.ts';
import { type CaseFile, parseCaseFile } from '../processing/trying/case-file.ts';
import { junitText } from '../processing/trying/junit.ts';
import { type FileResult, runCases } from '../processing/trying/run-cases.ts';
import { Trial } from '../processing/trying/trial.ts';
import { updatedCases } from '../processing/trying/update-cases.ts';
import { trialWorker } from '../workers.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';
import { limitsDefault, pipelineFolder, problemsText } from './pipeline-place.ts';
import { jsonLine } from './tables.ts';

export interface TestOptions extends ConfigRequest {
  /** `pipelines_dir` unless named. */
  readonly folder: string | undefined;
  readonly json: boolean;
  readonly update: boolean;
  readonly coverage?: string | undefined;
  readonly junit?: string | undefined;
}

const caseFile = /^(?<name>.+)\.test\.ya?ml$/;

export async function testCommand(options: TestOptions, host: CommandHost): Promise<ExitCode> {
  const coverageMin = percentOf(options.coverage);
  const { folder, limits } =
    options.folder === undefined || options.configGiven
      ? { ...pipelineFolder(options, host), ...(options.folder !== undefined && { folder: options.folder }) }
      : { folder: options.folder, limits: limitsDefault };
  const problems: string[] = [];
  const { set, problems: unreadable } = readPipelines(folder, []);
  problems.push(...unreadable.map(formatProblem));
  const files = caseFilesOf(folder, problems);
  await using trial = new Trial(trialWorker, limits);
  const results = await resultsOf(trial, { set, files, problems });
  if (options.update) update(files, results);
  if (options.junit !== undefined) writeFileSync(options.junit, junitText(results));
  const summary = summaryOf(results);
  await host.out(
    options.json ? jsonLine({ ...summary, problems, pipelines: results.map(jsonOf) }) : textOf(results, options.update),
  );
  host.err(problemsText(problems.join('\n')).replace(/^\n$/, ''));
  if (problems.length > 0) return exitCode.usage;
  if (results.every(({ file }) => file === undefined))
    throw new UsageError(`${folder} has no cases: they are in files such as NAME.test.yaml`);
  if (summary.coverage < coverageMin) {
    host.err(`tributary-hub: the cases run ${summary.coverage} % of the steps, less than ${coverageMin} %\n`);
    return exitCode.failed;
  }
  return summary.failed === 0 || options.update ? exitCode.done : exitCode.failed;
}

function caseFilesOf(folder: string, problems: string[]): CaseFile[] {
  let names: string[];
  try {
    names = readdirSync(folder).toSorted();
  } catch (error) {
    throw new UsageError(`${folder} cannot be read: ${readFailure(error)}`, { cause: error });
  }
  return names.flatMap((entry) => {
    const name = caseFile.exec(entry)?.groups?.['name'];
    if (name === undefined) return [];
    const file = join(folder, entry);
    try {
      return [parseCaseFile(file, readFileSync(file, 'utf8'), name)];
    } catch (error) {
      problems.push(error instanceof ConfigError ? error.message : `${file}: cannot be read: ${readFailure(error)}`);
      return [];
    }
  });
}

/** Pipelines without cases are told, too: none of their steps is run. */
async function resultsOf(
  trial: Trial,
  { set, files, problems }: { readonly set: PipelineSet; readonly files: readonly CaseFile[]; readonly problems: string[] },
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const names = [...new Set([...set.sources.map(({ name }) => name), ...files.map(({ pipeline }) => pipeline)])].toSorted();
  for (const name of names) {
    const cases = files.find(({ pipeline }) => pipeline === name);
    const source = sourceOf(set, name);
    if (source === undefined) {
      problems.push(`${cases?.file ?? name}: there is neither a pipeline ${name}.yaml beside it nor a preset of this name`);
      continue;
    }
    const ran = await runCases(source, cases, trial);
    if ('problems' in ran) problems.push(ran.problems);
    else results.push(ran);
  }
  return results;
}

function update(files: readonly CaseFile[], results: readonly FileResult[]): void {
  for (const { file, cases } of results) {
    const before = files.find((one) => one.file === file);
    if (before === undefined) continue;
    const text = updatedCases(before.text, cases);
    if (text !== before.text) writeFileSync(before.file, text);
  }
}

interface Summary {
  readonly passed: number;
  readonly failed: number;
  /** In percent, rounded down. */
  readonly coverage: number;
}

function summaryOf(results: readonly FileResult[]): Summary {
  const cases = results.flatMap((result) => result.cases);
  const steps = results.flatMap((result) => result.steps);
  const failed = cases.filter(({ problems }) => problems.length > 0).length;
  const run = steps.filter(({ isRun }) => isRun).length;
  return { passed: cases.length - failed, failed, coverage: steps.length === 0 ? 0 : Math.floor((100 * run) / steps.length) };
}

function textOf(results: readonly FileResult[], isUpdate: boolean): string {
  const { passed, failed, coverage } = summaryOf(results);
  const lines = results.flatMap(({ pipeline, file, cases, steps }) => {
    const never = steps.filter(({ isRun }) => !isRun);
    const bad = cases.filter(({ problems }) => problems.length > 0);
    const head =
      file === undefined
        ? `${pipeline}: no cases`
        : `${pipeline}: ${cases.length - bad.length} of ${cases.length} cases pass, ${steps.length - never.length} of ${steps.length} steps run`;
    const told = bad.flatMap(({ name, problems }) => [
      `  ${isUpdate ? 'is written anew' : 'FAILED'}: ${printable(name)}`,
      ...problems.flatMap((problem) =>
        formatProblem(problem)
          .split('\n')
          .map((line) => `    ${printable(line)}`),
      ),
    ]);
    const steplines =
      file === undefined || never.length === 0
        ? []
        : [`  never run: ${never.map(({ index, name }) => `${index + 1} ${printable(name)}`).join(', ')}`];
    return [head, ...told, ...steplines];
  });
  const counted = isUpdate ? `${passed} passed, ${failed} failed and are written anew` : `${passed} passed, ${failed} failed`;
  return [...lines, `${counted}; ${coverage} % of the steps run`].map((line) => `${line}\n`).join('');
}

function jsonOf({ pipeline, file, cases, steps }: FileResult): unknown {
  return {
    pipeline,
    file: file === undefined ? null : basename(file),
    cases: cases.map(({ name, ms, problems }) => ({
      name,
      ms,
      ok: problems.length === 0,
      problems: problems.map(formatProblem),
    })),
    steps,
  };
}

function percentOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^(?:100|\d{1,2})%?$/.test(text)) throw new UsageError(`--coverage: ${text} is no percentage from 0 to 100`);
  return Number.parseInt(text, 10);
}
