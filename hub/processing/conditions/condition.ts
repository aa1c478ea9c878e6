/** Conditions and expressions of a pipeline's file, in CEL, ready to be asked. */
import type { FieldValue } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';

export interface Condition {
  /** As written. */
  readonly text: string;
  /** False where a field that it names is not there. Throws a StepError (`condition`) where it cannot be told. */
  holds(record: PipelineRecord): boolean;
}

export interface Expression {
  /** As written. */
  readonly text: string;
  /** Undefined where a field that it names is not there. Throws a StepError (`condition`) where there is no value. */
  valueOf(record: PipelineRecord): FieldValue | undefined;
}
