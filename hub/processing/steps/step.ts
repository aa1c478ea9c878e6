/**
 * What a step of a pipeline is. One file each, and one line in registry.ts. A step is made once per pipeline and thread; what it does per
 * record allocates little and throws only a StepError.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type * as z from 'zod';
import type { RedactionRule } from '../../redaction/redaction-rule.ts';
import type { Condition, Expression } from '../conditions/condition.ts';
import type { PipelineRecord } from '../record/record.ts';

export interface StepDefinition<Schema extends z.ZodType = z.ZodType> {
  /** The key in a pipeline's file. */
  readonly name: string;
  /** One sentence for the docs page, of what it does. */
  readonly summary: string;
  /** Strict objects with `describe`d keys. What can be checked without a file is checked here, so that it has its place in the file. */
  readonly options: Schema;
  /** Throws a StepOptionError. */
  make(options: z.output<Schema>, context: StepContext): Step;
  /** What it keeps between records: such a pipeline has one thread at a time. Nothing unless named. */
  readonly keepsState?: boolean;
}

/** Helps the compiler infer the options; does nothing. */
export function defineStep<Schema extends z.ZodType>(definition: StepDefinition<Schema>): StepDefinition<Schema> {
  return definition;
}

export interface StepContext {
  /** Name of the pipeline, for messages. */
  readonly pipeline: string;
  /** Relative paths in a pipeline's file are below it. */
  readonly folder: string;
  /** Monotonic time, and the time of day, of throttles and looks at files. What a document holds never comes from it. */
  readonly clock: Clock;
  /** A condition in CEL within a step's own options. Throws a StepOptionError; `path` is the option's, within the step. */
  readonly condition: (text: string, path: readonly (string | number)[]) => Condition;
  /** As `condition`, of an expression in CEL that gives a value. */
  readonly expression: (text: string, path: readonly (string | number)[]) => Expression;
  /** A file beside the pipeline that is read again when it changes, looked at between batches. Throws a StepOptionError. */
  readonly watchFile: <Content>(file: WatchedFileRequest<Content>) => WatchedFile<Content>;
  /**
   * A file beside the pipeline that the step is made of, such as a script: when it changes, the whole pipeline is made anew. Throws a
   * StepOptionError; `option` is the option's path, within the step.
   */
  readonly readFile: (path: string, option: readonly (string | number)[]) => Buffer<ArrayBuffer>;
  /** Names of the outputs that take documents; undefined where nobody knows which there are. */
  readonly outputs?: readonly string[] | undefined;
  /** As `outputs`, of those that there are while records are worked on, for what a record names itself. */
  readonly outputsNow?: readonly string[] | undefined;
  /** What a script may take for one record: the `timeLimitMs` of a step that runs one. */
  readonly scriptTimeLimitMs: number;
  /** Something that people ought to see in health, as long as it is so; undefined: it is good again. */
  readonly tell: (problem: string | undefined) => void;
}

export interface WatchedFileRequest<Content> {
  /** As in the options. */
  readonly path: string;
  /** Of the option, within the step. */
  readonly option: readonly (string | number)[];
  /** Throws an Error whose message is a sentence for people, with the line where there is one. */
  readonly read: (bytes: Buffer<ArrayBuffer>) => Content;
}

export interface WatchedFile<Content> {
  /** What was read last and was good: also while the file is gone or bad now, which is told. */
  readonly content: Content;
}

/** What becomes of the record: it goes on, nothing is left of it, or several documents go on in its place, in this order. */
export type StepResult = void | 'drop' | readonly PipelineRecord[];

export interface Step {
  /** Changes the record in place. Throws a StepError where the record is none that it can work on; the record is unchanged then. */
  run(record: PipelineRecord, run: StepRun): StepResult;
  /** What is covered in the bytes of records before anything is stored (hub/redaction); `run` does nothing then. */
  readonly redactRaw?: RedactionRule;
  /** How long it may take with one record before its thread is ended, and the record has failed. As long as a whole batch unless named. */
  readonly timeLimitMs?: number;
  /** Releases what it holds. */
  dispose?(): void;
}

/** What is of a batch. */
export interface StepRun {
  /** Adds to a counter or histogram of the `metric` step; counted when the batch is committed. */
  readonly count: (metric: MetricChange) => void;
}

export interface MetricChange {
  readonly name: string;
  readonly kind: 'counter' | 'histogram';
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Added to the counter, or observed. */
  readonly value: number;
  /** Upper bounds, of a histogram. */
  readonly buckets?: readonly number[];
  /** Of several observations of a histogram in one, the sum of which is `value`. */
  readonly observed?: Observed;
}

export interface Observed {
  readonly times: number;
  /** How many of them were up to each bound, those up to the bounds before it not counted. */
  readonly counts: readonly number[];
}

/** A record that a step cannot work on: it keeps its bytes, and goes where the step's `on_error` says. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly code = 'STEP';
  /** A short word for `error.type`: `json`, `no_match`, `no_field`, `timeout`. */
  readonly type: string;

  constructor(type: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
  }
}

/** Options that cannot be used: told with the place in the pipeline's file. */
export class StepOptionError extends Error {
  override readonly name = 'StepOptionError';
  readonly code = 'STEP_OPTION';
  /** Within the step's options. */
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}
