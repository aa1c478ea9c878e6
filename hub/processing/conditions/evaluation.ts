/**
 * One expression for the library, with the fields that it reads. What is told of a record is a value, or why there is none: a field that
 * is not there, or a StepError. Neither is thrown: that would take longer than all of the rest, and in `a || b` it is nothing special.
 */
import { EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import type { PipelineRecord } from '../record/record.ts';
import { StepError } from '../steps/step.ts';
import type { SlotUse, WrittenExpression } from './expression-text.ts';
import { Mistyped } from './field-values.ts';
import type { Slot } from './slots.ts';

/** Some field is not there. */
export const missing = Symbol('missing');

/** A loop goes over no more. */
const loopLengthMax = 1000;

const missingCodes: ReadonlySet<string> = new Set(['unknown_variable', 'no_such_key', 'index_out_of_bounds']);

export class Evaluation {
  /** As written, for messages. */
  readonly #source: string;
  readonly #run: ParseResult;
  readonly #uses: readonly SlotUse[];
  /** One for all records: nothing keeps it. */
  readonly #values: Record<string, unknown> = {};
  /** Where all of the expression is a truth value that is read, such as `has(user.name)`: nothing is left to evaluate. */
  readonly truth: Slot | undefined;

  constructor(source: string, run: ParseResult, { text, uses }: WrittenExpression) {
    const [first] = uses;
    this.truth = first?.slot.type === 'bool' && text === first.variable ? first.slot : undefined;
    this.#source = source;
    this.#run = run;
    this.#uses = uses;
    for (const { variable } of uses) this.#values[variable] = undefined;
  }

  /** Also a StepError or `missing`, which are returned. */
  evaluate(record: PipelineRecord): unknown {
    for (const { variable, slot, needed, looped } of this.#uses) {
      const value = slot.read(record);
      if (value === undefined && needed) return missing;
      if (value instanceof Mistyped) return this.#failure(`${slot.text} is not ${value.wanted}`);
      if (looped && lengthOf(value) > loopLengthMax) return this.#failure(`${slot.text} has more than ${loopLengthMax} members`);
      this.#values[variable] = value;
    }
    try {
      return this.#run(this.#values);
    } catch (error) {
      if (error instanceof EvaluationError && missingCodes.has(error.code)) return missing;
      return this.#failure(error instanceof EvaluationError ? error.summary : String(error), error);
    }
  }

  #failure(reason: string, cause?: unknown): StepError {
    const told = reason.replaceAll(
      /\b_\d+\b/g,
      (variable) => this.#uses.find((use) => use.variable === variable)?.slot.text ?? variable,
    );
    return new StepError('condition', `${shortened(this.#source)}: ${told.slice(0, 300)}`, { cause });
  }
}

function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
