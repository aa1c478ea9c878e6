/** The pipeline that `archive restore` names: made once, to see that it can be, and named by a hash of all that it is made of. */
import { hash } from 'node:crypto';
import { dirname, relative } from 'node:path';
import { pipelineName } from '../config/pipeline-options.ts';
import type { RestorePipeline } from '../outputs/archive/restore/line-processor.ts';
import { sourceOf } from '../processing/definition/compiled-pipelines.ts';
import type { PipelineSource } from '../processing/definition/pipeline-set.ts';
import { readPipelines } from '../processing/definition/read-pipelines.ts';
import { presetNames } from '../processing/presets/presets.ts';
import { pipelineChecker } from '../processing/reload/pipeline-checker.ts';
import { pipelineCheckWorker } from '../workers.ts';
import { UsageError } from './exit.ts';

export interface NamedPipeline extends RestorePipeline {
  readonly sha256: string;
}

/** Throws a UsageError that says all that is wrong with it. */
export async function restorePipeline(folder: string, name: string): Promise<NamedPipeline> {
  if (!pipelineName.safeParse(name).success) throw new UsageError('--pipeline: a name is 1 to 50 of a-z, 0-9 and _');
  const { set, problems } = readPipelines(folder, []);
  const source = sourceOf(set, name);
  if (source === undefined) {
    const files = set.sources.map((one) => one.name).join(', ') || 'none';
    const trouble = problems.map(({ file, message }) => `\n${file}: ${message}`).join('');
    throw new UsageError(
      `--pipeline: there is no ${name}.yaml in ${folder} (it has ${files}), and no such preset (there are ${presetNames.join(', ')})${trouble}`,
    );
  }
  const [check] = await pipelineChecker(pipelineCheckWorker)([source]);
  if (check?.facts === undefined) throw new UsageError(`pipeline ${name} cannot be used:\n${check?.problems.join('\n') ?? ''}`);
  const made: PipelineSource = { ...source, files: check.files };
  return { source: made, facts: check.facts, sha256: hashOf(made) };
}

/** The same wherever its files are. */
function hashOf({ file, text, files = {} }: PipelineSource): string {
  const beside = Object.entries(files).map(([path, bytes]) => `${relative(dirname(file), path)} ${hash('sha256', bytes, 'hex')}`);
  return hash('sha256', JSON.stringify([text, beside.toSorted((a, b) => (a < b ? -1 : 1))]), 'hex');
}
