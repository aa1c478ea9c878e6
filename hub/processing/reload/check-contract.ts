/** The call of the thread that sees whether pipelines can be made. */
import type { PipelineSource } from '../definition/pipeline-set.ts';
import type { PipelineCheck } from './check-pipeline.ts';

export interface CheckRequest {
  readonly source: PipelineSource;
  /** As StepContext.outputs. */
  readonly outputs: readonly string[] | undefined;
}

export type CheckContract = {
  readonly check: { readonly argument: CheckRequest; readonly result: PipelineCheck };
};
