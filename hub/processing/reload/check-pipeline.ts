/**
 * Whether a pipeline can be made, and what is known of it then. Done in a thread, as it reads files and runs what is at the top of scripts;
 * what a step has to say of its options comes back with its place in the file.
 */
import { ConfigError } from '@tributary/shared/options/config-file.ts';
import { redactionOf } from '../../redaction/redactions.ts';
import type { BesideFiles } from '../definition/beside-files.ts';
import { type CompileHost, compilePipeline } from '../definition/compile.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import type { PipelineFacts } from '../generation.ts';

export interface PipelineCheck {
  /** Undefined where it cannot be made. */
  readonly facts: PipelineFacts | undefined;
  /** `file:line:column: path: what is wrong`. */
  readonly problems: readonly string[];
  /** What its steps are made of, by the files' paths. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Files that were asked for in vain. */
  readonly missing: readonly string[];
  /** It took so long to see this that it is not to be seen again. */
  readonly isSlow?: boolean;
}

/** Never throws. `beside` is what the host reads from. */
export function checkPipeline(source: PipelineSource, host: CompileHost, beside: BesideFiles): PipelineCheck {
  try {
    using made = compilePipeline(source, host);
    const { name, steps, keepsState } = made;
    const runsScripts = steps.some(({ step }) => step.timeLimitMs !== undefined);
    const facts = { name, steps: steps.map((step) => step.name), keepsState, runsScripts, redaction: redactionOf(made) };
    return { facts, problems: [], files: beside.files, missing: beside.missing };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const problems = error instanceof ConfigError ? message.split('\n') : [`${source.file}: ${message}`];
    return { facts: undefined, problems, files: beside.files, missing: beside.missing };
  }
}
