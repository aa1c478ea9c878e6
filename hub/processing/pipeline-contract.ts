/** The calls of a pipeline's thread. */
import type { BatchEntry, Processed } from './batch-entry.ts';

export type PipelineContract = {
  readonly process: { readonly argument: BatchEntry; readonly result: Processed };
};
