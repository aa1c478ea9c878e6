/** What a pipeline's thread is told of a call beside its entries, and what it tells beside its block. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { MetricChange } from './steps/step.ts';
import type { StepPlace } from './thread-progress.ts';

/** A record that held up or killed a thread at a step: it is not run there again, but has failed. */
export interface FailingRecord extends StepPlace {
  /** As a StepError's. `crash`: the thread died of something else that a script did. */
  readonly type: 'timeout' | 'memory' | 'crash';
  readonly reason: string;
  /** Of the pipelines in which the step has this index: in another one it is told nothing. */
  readonly generation: number;
}

/** A step that failed so too often: for a while all of its records fail at once, with the type `switched_off`. */
export interface SwitchedOffStep {
  readonly step: number;
  readonly reason: string;
}

export interface CallTerms {
  readonly channel: ChannelName;
  /** Number of the call, from 1 on, for ProgressWriter.beginCall. */
  readonly call: number;
  readonly failing: readonly FailingRecord[];
  readonly switchedOff: readonly SwitchedOffStep[];
}

/** Of one step, in one call. */
export interface StepCounts {
  /** What it is called in the pipeline's file, else its kind and number: `json`, `set 3`. */
  readonly step: string;
  readonly in: number;
  readonly failed: number;
  readonly dropped: number;
}

export interface StepProblem {
  readonly step: string;
  readonly problem: string;
}

/** What the thread tells of a channel with a pipeline. */
export interface ProcessReport {
  /** The pipeline's name, `preset:nginx`. */
  readonly pipeline: string;
  /** All of the pipeline's steps, in their order. Counted when the batch is committed. */
  readonly steps: readonly StepCounts[];
  /** All that stand in this thread's pipeline (StepContext.tell), not only news. */
  readonly problems: readonly StepProblem[];
  /** Counted when the batch is committed. */
  readonly metrics: readonly MetricChange[];
}
