/** What a pipeline did with a line, step by step: plain data, for a terminal, a script or a page. */
import type { FailureAction } from '../definition/pipeline-schema.ts';
import type { Fields, FieldValue } from '../record/fields.ts';
import type { Destination } from '../record/record.ts';
import type { MetricChange } from '../steps/step.ts';

/** Where the lines are said to come from. */
export interface TriedMeta {
  readonly tenant: string;
  readonly type: string;
  readonly host: string;
  readonly path: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly receivedMs: number;
}

/** `passed over`: its condition does not hold. */
export type StepOutcome = 'done' | 'passed over' | 'failed' | 'dropped' | 'split';

export interface TriedStep {
  /** Its number in the pipeline, a preset's steps counted one by one. */
  readonly index: number;
  readonly name: string;
  readonly kind: string;
  readonly outcome: StepOutcome;
  /** Which of the record's documents it saw. */
  readonly ordinal: number;
  readonly before: Fields;
  /** Undefined where nothing is left of it, and where several documents are. */
  readonly after: Fields | undefined;
  readonly changes: readonly FieldChange[];
  /** Where it goes since this step; empty: where all of its channel go. */
  readonly destination?: Destination;
  readonly error?: TriedError;
  /** Into how many it was split. */
  readonly documents?: number;
  readonly metrics?: readonly MetricChange[];
}

export interface TriedError {
  /** `error.type`. */
  readonly type: string;
  readonly message: string;
  /** The step's `on_error`. */
  readonly onError: FailureAction;
}

export interface FieldChange {
  /** `http.response.status_code`. */
  readonly field: string;
  /** Undefined: it was not there. */
  readonly before?: FieldValue;
  /** Undefined: it is gone. */
  readonly after?: FieldValue;
}

export interface TriedDocument {
  readonly ordinal: number;
  /** With `@timestamp`, where a step found the time. */
  readonly fields: Fields;
  /** Where it goes, unless it goes where all of its channel go. */
  readonly destination?: Destination;
}

export interface TriedLine {
  /** As it is stored. */
  readonly text: string;
  /** Something of it was covered before that. */
  readonly isRedacted: boolean;
  /** In the order in which they ran. */
  readonly steps: readonly TriedStep[];
  /** What comes out. */
  readonly documents: readonly TriedDocument[];
}

/** A record that ended the thread that tried it: it is not run at that step again, but has failed. */
export interface KnownFailure {
  readonly step: number;
  readonly type: 'timeout' | 'memory' | 'crash';
  readonly reason: string;
}
