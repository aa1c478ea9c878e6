/** For `check`: can the pipelines be made that the hub would have? Each is made once, in a thread, as when the hub reads them. */
import { type ConfigProblem, sentenceAt } from '@tributary/shared/options/config-file.ts';
import { formatProblem } from '@tributary/shared/options/problem.ts';
import { documentOutputs } from '../config/output-options.ts';
import { hubOptions, type HubOptions } from '../options.ts';
import { sourceOf } from '../processing/definition/compiled-pipelines.ts';
import { readPipelines } from '../processing/definition/read-pipelines.ts';
import { pipelineChecker } from '../processing/reload/pipeline-checker.ts';
import { pipelineCheckWorker } from '../workers.ts';
import type { CommandHost } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';

export interface PipelinesCheck {
  /** Names of those that can be made. */
  readonly good: readonly string[];
  /** `file:line:column: path: what is wrong`. */
  readonly problems: readonly string[];
}

/** Undefined where there are none. */
export async function checkPipelines(
  { pipelines_dir: folder, pipelines: rules, outputs }: HubOptions,
  { configFile: file }: ConfigRequest,
  { env }: Pick<CommandHost, 'env'>,
): Promise<PipelinesCheck | undefined> {
  const { set, problems } = readPipelines(folder, rules);
  const names = new Set([...set.sources.map(({ name }) => name), ...rules.map(({ pipeline }) => pipeline)]);
  const wanted = [...names].flatMap((name) => sourceOf(set, name) ?? []);
  if (wanted.length === 0 && problems.length === 0) return undefined;
  const checks = await pipelineChecker(pipelineCheckWorker)(wanted, documentOutputs(outputs));
  const sentence = (problem: ConfigProblem): string => {
    const rule = /^pipelines\[(\d+)\]/.exec(problem.path)?.[1];
    if (rule === undefined) return formatProblem(problem);
    const place = ['pipelines', Number(rule), 'pipeline'];
    return sentenceAt({ file, schema: hubOptions, env }, place, `${problem.message} in ${folder}; ${problem.hint ?? ''}`);
  };
  return {
    good: checks.flatMap(({ facts }) => facts?.name ?? []),
    problems: [...problems.map(sentence), ...checks.flatMap((check) => check.problems)],
  };
}
