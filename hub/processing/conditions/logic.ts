/**
 * `&&`, `||` and `!` as CEL has them: `true || x` is true, and `false && x` false, also where x cannot be told. They are here, and not
 * left to the library, as it tells what is missing by throwing.
 */
import type { PipelineRecord } from '../record/record.ts';
import { StepError } from '../steps/step.ts';
import type { Direct } from './direct.ts';
import { type Evaluation, missing } from './evaluation.ts';

export type Told = boolean | typeof missing | StepError;
export type Logic = (record: PipelineRecord) => Told;

export function both(left: Logic, right: Logic): Logic {
  return (record) => {
    const one = left(record);
    if (one === false) return false;
    const other = right(record);
    return other === false || one === true ? other : one;
  };
}

export function either(left: Logic, right: Logic): Logic {
  return (record) => {
    const one = left(record);
    if (one === true) return true;
    const other = right(record);
    return other === true || one === false ? other : one;
  };
}

export function not(inner: Logic): Logic {
  return (record) => {
    const told = inner(record);
    return typeof told === 'boolean' ? !told : told;
  };
}

export function leaf(
  evaluation: Evaluation,
  { source, direct }: { readonly source: string; readonly direct: Direct | undefined },
): Logic {
  const told = toldOf(evaluation, source);
  if (direct !== undefined) return (record) => direct(record) ?? told(record);
  const read = evaluation.truth?.read;
  if (read === undefined) return told;
  return (record) => {
    const truth = read(record);
    return typeof truth === 'boolean' ? truth : told(record);
  };
}

function toldOf(evaluation: Evaluation, source: string): Logic {
  return (record) => {
    const value = evaluation.evaluate(record);
    if (typeof value === 'boolean' || value === missing || value instanceof StepError) return value;
    return new StepError('condition', `${source.slice(0, 100)} is neither true nor false here`);
  };
}
