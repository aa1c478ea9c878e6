import * as z from 'zod';
import { type FieldPath, type FieldValue, type MutableFields, parentOf, parseFieldPath, putField } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { copyOfValue } from './copy-value.ts';
import { defineStep, StepOptionError } from './step.ts';
import { parseTemplate, TemplateError } from './template.ts';

const constant = z.json();

const options = z
  .strictObject({
    fields: z
      .record(z.string().min(1), constant)
      .default({})
      .describe(
        'Values of fields: text, numbers, lists, objects. In a text `{{ url.path }}` stands for the value of a field, and `{{ record.host }}` for what is known of the record; a text that is nothing else gets the value with its type.',
      ),
    values: z
      .record(z.string().min(1), z.string().min(1))
      .default({})
      .describe('Values of fields as expressions in CEL: `event.duration: int(fields.ms * 1000000.0)`.'),
    overwrite: z.boolean().default(true).describe('Whether a field that is there already gets the new value.'),
  })
  .refine(
    ({ fields, values }) => Object.keys(fields).length + Object.keys(values).length > 0,
    'sets nothing: name fields or values',
  );

interface Setting {
  readonly path: FieldPath;
  readonly valueOf: (record: PipelineRecord) => FieldValue | undefined;
}

interface PlacedSetting extends Setting {
  /** The path's last name. */
  readonly name: string;
  /** The field of the setting before is of the same object. */
  readonly followsSibling: boolean;
}

/** All values are taken first, so that none depends on another one of the same step. What names a field that is not there sets nothing. */
export const set = defineStep({
  name: 'set',
  summary: 'Sets fields to constants, to texts with other fields in them, or to values in CEL.',
  options,
  make({ fields, values, overwrite }, { expression }) {
    const settings = inOrder([
      ...Object.entries(fields).map(([name, value]) => ({
        path: pathOf('fields', name),
        valueOf: constantOf(value, ['fields', name]),
      })),
      ...Object.entries(values).map(([name, text]) => {
        const compiled = expression(text, ['values', name]);
        return { path: pathOf('values', name), valueOf: (record: PipelineRecord) => compiled.valueOf(record) };
      }),
    ]);
    /** Of the record that is worked on: a list for each would be much of the garbage that there is. */
    const made: (FieldValue | undefined)[] = settings.map(() => undefined);
    return {
      run(record): void {
        let index = 0;
        for (const { path, valueOf } of settings) {
          made[index] = !overwrite && record.get(path) !== undefined ? undefined : valueOf(record);
          index += 1;
        }
        putAll(record, settings, made);
      },
    };
  },
});

function inOrder(settings: readonly Setting[]): readonly PlacedSetting[] {
  return settings.map(({ path, valueOf }, index) => {
    const followsSibling = index > 0 && objectOf(settings[index - 1]?.path) === objectOf(path);
    return { path, valueOf, name: path.at(-1) ?? '', followsSibling };
  });
}

function objectOf(path: FieldPath | undefined): string | undefined {
  return path?.slice(0, -1).join('.');
}

/** Fields that follow each other are often of the same object (`event.kind`, `event.module`), which is looked for once. */
function putAll(record: PipelineRecord, settings: readonly PlacedSetting[], values: readonly (FieldValue | undefined)[]): void {
  let parent: MutableFields | undefined;
  let index = 0;
  for (const { path, name, followsSibling } of settings) {
    const value = values[index];
    index += 1;
    if (!followsSibling) parent = undefined;
    if (value === undefined) continue;
    parent ??= parentOf(record.edit(), path);
    putField(parent, name, value);
  }
}

/** A list of which a copy has nothing in common with it. */
function isPlainList(value: FieldValue): value is readonly FieldValue[] {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object');
}

function pathOf(option: string, name: string): FieldPath {
  const path = parseFieldPath(name);
  if (path === undefined) throw new StepOptionError([option, name], 'is no name of a field');
  return path;
}

function constantOf(value: FieldValue, path: readonly string[]): Setting['valueOf'] {
  // Steps change objects and lists in place: each document has its own.
  if (isPlainList(value)) return () => value.slice();
  if (typeof value === 'object') return () => copyOfValue(value);
  if (typeof value !== 'string' || !value.includes('{{')) return () => value;
  try {
    const template = parseTemplate(value);
    return (record) => {
      const made = template.valueOf(record);
      return made === undefined ? undefined : copyOfValue(made);
    };
  } catch (error) {
    if (error instanceof TemplateError) throw new StepOptionError(path, error.message);
    throw error;
  }
}
