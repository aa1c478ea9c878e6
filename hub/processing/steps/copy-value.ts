/** Values of documents, gone through to all of their depth: that has an end, as a line of brackets is JSON, too. */
import { type Fields, type FieldValue, isObject, type MutableFields, putField } from '../record/fields.ts';
import { StepError } from './step.ts';

const depthMax = 500;

export function copyOfFields(fields: Fields, depth = 0): MutableFields {
  const copy: MutableFields = {};
  for (const [name, value] of Object.entries(fields)) putField(copy, name, copyOfValue(value, depth));
  return copy;
}

export function copyOfValue(value: FieldValue, depth = 0): FieldValue {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) throw tooDeep();
  if (isObject(value)) return copyOfFields(value, depth + 1);
  return Array.isArray(value) ? value.map((item: FieldValue) => copyOfValue(item, depth + 1)) : value;
}

/** Throws a StepError where this text's values stand deeper within each other than steps, outputs and readers of JSON can go. */
export function checkDepth(value: FieldValue, text: string): void {
  if (mayBeDeep(text)) sizeOfValue(value);
}

/** Looked at first, as it takes next to nothing: a value that is deep has as many brackets. */
function mayBeDeep(text: string): boolean {
  if (text.length <= 2 * depthMax) return false;
  let brackets = 0;
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket); at >= 0 && brackets <= depthMax; at = text.indexOf(bracket, at + 1)) brackets += 1;
  }
  return brackets > depthMax;
}

/** How many values it holds. */
export function sizeOfValue(value: FieldValue, depth = 0): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (depth >= depthMax) throw tooDeep();
  let size = 1;
  for (const inner of Object.values(value)) size += sizeOfValue(inner, depth + 1);
  return size;
}

export function jsonText(value: FieldValue): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Its only other one is that of a text which is longer than texts can be.
    if (!(error instanceof RangeError)) throw error;
    throw error.message.includes('string length') ? new StepError('too_large', 'it is too large to be written') : tooDeep();
  }
}

function tooDeep(): StepError {
  return new StepError('too_deep', 'its objects or lists stand too deep within each other');
}
