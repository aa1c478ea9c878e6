/** What a pipeline's thread is started with (`workerData`). */
import type { PipelineSet } from './definition/pipeline-set.ts';

export interface ScriptLimits {
  readonly timeLimitMs: number;
}

export const scriptLimitsDefault: ScriptLimits = { timeLimitMs: 1000 };

export interface ThreadData {
  readonly set: PipelineSet;
  /** For a ProgressWriter. */
  readonly progress: SharedArrayBuffer;
  readonly scripts: ScriptLimits;
  /** Of tests. */
  readonly crashPoint?: string | undefined;
}
