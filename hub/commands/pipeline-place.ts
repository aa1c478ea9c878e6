/** Where pipelines are, and what their scripts may: from the configuration, which is not needed for a file that is named by its path. */
import { printable } from '@tributary/shared/printable.ts';
import type { TrialLimits } from '../processing/trying/trial.ts';
import { threadMemoryBytesDefault } from '../processing/limits.ts';
import { scriptLimitsDefault } from '../processing/thread-data.ts';
import type { CommandHost } from './exit.ts';
import { type ConfigRequest, readHubConfig } from './load-config.ts';

export interface PipelineFolder {
  readonly folder: string;
  readonly limits: TrialLimits;
}

export interface FolderRequest extends ConfigRequest {
  /** Instead of the configuration's. */
  readonly pipelinesDir?: string | undefined;
}

/** Throws a ConfigError. */
export function pipelineFolder(request: FolderRequest, host: Pick<CommandHost, 'env'>): PipelineFolder {
  const { pipelinesDir, configGiven } = request;
  if (pipelinesDir !== undefined && !configGiven) return { folder: pipelinesDir, limits: limitsDefault };
  const { options } = readHubConfig(request, host);
  const limits = { scriptTimeLimitMs: options.scripts.time_limit, memoryBytes: options.scripts.memory_limit };
  return { folder: pipelinesDir ?? options.pipelines_dir, limits };
}

export const limitsDefault: TrialLimits = {
  scriptTimeLimitMs: scriptLimitsDefault.timeLimitMs,
  memoryBytes: threadMemoryBytesDefault,
};

/** Sentences of a ConfigError that crossed from a thread, for a terminal. */
export function problemsText(problems: string): string {
  return problems
    .split('\n')
    .map((problem) => `${printable(problem)}\n`)
    .join('');
}
