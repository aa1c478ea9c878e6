import type { FieldValue } from '../record/fields.ts';
import { putField } from '../record/fields.ts';
import { StepError } from '../steps/step.ts';

const depthMax = 100;

/** A value of CEL as a document has it: whole numbers as JSON's, times in ISO 8601. */
export function celToField(value: unknown, depth = 0): FieldValue {
  if (depth > depthMax) throw new StepError('condition', 'the value is nested too deep');
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'bigint':
      return Number(value);
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new StepError('condition', 'the number is not a finite one');
    case 'object':
      return value === null ? null : objectToField(value, depth + 1);
    case 'undefined':
    case 'function':
    case 'symbol':
      break;
  }
  throw new StepError('condition', 'the value is nothing that a document can hold');
}

function objectToField(value: object, depth: number): FieldValue {
  if (Array.isArray(value)) return value.map((item: unknown) => celToField(item, depth));
  if (value instanceof Date) return value.toISOString();
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new StepError('condition', 'the value is nothing that a document can hold');
  const fields: { [name: string]: FieldValue } = {};
  for (const [name, inner] of Object.entries(value)) putField(fields, name, celToField(inner, depth));
  return fields;
}
