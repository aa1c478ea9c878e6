/**
 * Where a parsing step puts what it found: `http.response.status_code:int` is a field and its type. Values are gathered first and put into
 * the record at the end, so that one which cannot be converted leaves the record as it was.
 */
import * as z from 'zod';
import { suggest } from '@tributary/shared/options/suggest.ts';
import { type FieldPath, type FieldValue, type MutableFields, parseFieldPath, putField, setField } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { addFields } from './add-fields.ts';
import { StepError } from './step.ts';
import { convertValue, isValueTypeName, type ValueType, valueTypeNames, valueTypeOf } from './value-types.ts';

export interface Target {
  readonly path: FieldPath;
  readonly type: ValueType;
}

/** What a record may hold of fields that it names itself. */
const fieldsMax = 10_000;
const nameLengthMax = 256;
const nameDepthMax = 20;

export const target = z.string().transform((text, context): Target => {
  const parsed = parseTarget(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({ code: 'custom', message: parsed });
  return z.NEVER;
});

/** `a.b.c` or `a.b.c:int`; else what is wrong with it. */
export function parseTarget(text: string): Target | string {
  const [, name = '', type] = /^(.*?)(?::([^:.]*))?$/s.exec(text) ?? [];
  const path = parseFieldPath(name);
  if (path === undefined) return 'must be names with dots between them, such as http.response.status_code';
  if (type === undefined) return { path, type: 'string' };
  if (isValueTypeName(type)) return { path, type: valueTypeOf(type) };
  const meant = suggest(type, valueTypeNames);
  return `there is no type ${type}; ${meant === undefined ? `types are ${valueTypeNames.join(', ')}` : `did you mean ${meant}?`}`;
}

export const fieldsOption = z
  .record(z.string().min(1), target)
  .default({})
  .transform((targets): ReadonlyMap<string, Target> => new Map(Object.entries(targets)))
  .describe(
    'Fields for names, with types if wanted: `status: http.response.status_code:int`. A name that is not here is the name of its field, too. Types are `int`, `float`, `bool`, `string` and `ip`.',
  );

/** Throws a StepError where the value is nothing of the type. */
export function valueFor({ path, type }: Target, value: FieldValue): FieldValue {
  return type === 'string' && typeof value === 'string' ? value : convertValue(value, type, path.join('.'));
}

/** What a step found in one record, by names that the record itself may have chosen. */
export class FoundFields {
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #prefix: string;
  readonly #fields: MutableFields = {};
  #count = 0;

  constructor(targets: ReadonlyMap<string, Target>, prefix = '') {
    this.#targets = targets;
    this.#prefix = prefix;
  }

  get count(): number {
    return this.#count;
  }

  /** Of a name that comes twice the last value holds. Throws a StepError. */
  add(name: string, value: FieldValue): void {
    this.#count += 1;
    if (this.#count > fieldsMax) throw new StepError('too_many', `it has more than ${fieldsMax} values`);
    const known = this.#targets.get(name);
    if (known !== undefined) return this.put(known, value);
    const full = this.#prefix + name;
    const path = full.includes('.') && full.length <= nameLengthMax ? parseFieldPath(full) : undefined;
    if (path === undefined || path.length > nameDepthMax) putField(this.#fields, full, value);
    else setField(this.#fields, path, value);
  }

  put(to: Target, value: FieldValue): void {
    setField(this.#fields, to.path, valueFor(to, value));
  }

  /** Into the record, or into its field `to`. */
  give(record: PipelineRecord, to: FieldPath | undefined): void {
    if (to === undefined) addFields(record, this.#fields);
    else record.set(to, this.#fields);
  }
}
