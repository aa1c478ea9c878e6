/** Calls of the thread that tries pipelines: one pipeline is open at a time. */
import type { PipelineSource } from '../definition/pipeline-set.ts';
import type { StepProfile } from './profile.ts';
import type { KnownFailure, TriedLine, TriedMeta } from './tried.ts';

export interface OpenRequest {
  readonly source: PipelineSource;
  readonly meta: TriedMeta;
  /** The same pipeline as before, and nothing beside it has changed: it is not made again, unless it remembers what it saw. */
  readonly isSame: boolean;
}

export interface OpenedPipeline {
  /** `line`: in the pipeline's own file. */
  readonly steps: readonly { readonly name: string; readonly kind: string; readonly line: number | undefined }[];
  /** It has to be opened anew for lines that have nothing to do with each other. */
  readonly keepsState: boolean;
}

/** `problems`: as a ConfigError tells them. */
export type Opened = OpenedPipeline | { readonly problems: string };

export interface TryRequest {
  readonly lines: readonly Uint8Array[];
  readonly failing: readonly (KnownFailure & { readonly line: number })[];
}

export interface TryResult {
  readonly lines: readonly TriedLine[];
  /** What steps have to tell of their tables and the like, since the call before. */
  readonly told: readonly string[];
}

export type TrialContract = {
  readonly open: { readonly argument: OpenRequest; readonly result: Opened };
  readonly try: { readonly argument: TryRequest; readonly result: TryResult };
  readonly profile: { readonly argument: readonly Uint8Array[]; readonly result: readonly StepProfile[] };
};

/** What the thread is started with (`workerData`). */
export interface TrialThreadData {
  /** For a ProgressWriter. */
  readonly progress: SharedArrayBuffer;
  readonly scriptTimeLimitMs: number;
}
