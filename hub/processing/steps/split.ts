import * as z from 'zod';
import {
  type FieldPath,
  type FieldValue,
  isObject,
  mergeFields,
  type MutableFields,
  removeField,
  setField,
} from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { copyOfFields, jsonText, sizeOfValue } from './copy-value.ts';
import { fieldPath, fromOption, textOf } from './options.ts';
import { defineStep, type Step, StepError } from './step.ts';

const options = z
  .strictObject({
    array: fieldPath.optional().describe('The field whose list is split: each document has one member of it.'),
    separator: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('What stands between two parts of a text, in the place of a list. Parts without text are left out.'),
    from: fromOption,
    to: fieldPath
      .optional()
      .describe(
        'The field that gets the member or part. The one that it was in unless named, or `message`; a list is gone then.',
      ),
    merge: z.boolean().default(false).describe('Whether members that are objects become fields of the document itself.'),
  })
  .refine(({ array, separator }) => (array === undefined) !== (separator === undefined), 'wants either array or separator')
  .refine(({ array, from }) => array === undefined || from === undefined, { path: ['from'], error: 'is for a separator' })
  .refine(({ separator, merge }) => separator === undefined || !merge, { path: ['merge'], error: 'is for an array' });

const partsMax = 10_000;
/** Those without text, too. */
const piecesMax = 100_000;
/** Values, and characters, that all documents together may hold of what they have in common. */
const copiesMax = 1_000_000;
const copiedCharactersMax = 64 * 1024 * 1024;

/** Each document has the other fields of the record, too. A list without members, or a field that is not there, leaves it as it is. */
export const split = defineStep({
  name: 'split',
  summary:
    'Makes several documents of one: of the members of a list, or the parts of a text. Between two of these steps there is no `dedupe` or `throttle`: ids of documents never depend on what came before.',
  options,
  make({ array, separator, from, to, merge }) {
    return array === undefined ? splitText(separator ?? '', from, to) : splitList(array, to ?? array, merge);
  },
});

function splitText(separator: string, from: FieldPath | undefined, to: FieldPath = from ?? ['message']): Step {
  return {
    run(record): readonly PipelineRecord[] | void {
      const parts = partsOf(textOf(record, from), separator);
      return documentsOf(record, { parts, without: from, put: (fields, part) => setField(fields, to, part) });
    },
  };
}

function splitList(array: FieldPath, to: FieldPath, merge: boolean): Step {
  const put = (fields: MutableFields, part: FieldValue): void => {
    if (merge && isObject(part)) mergeFields(fields, part);
    else setField(fields, to, part);
  };
  return {
    run(record): readonly PipelineRecord[] | void {
      const parts = record.get(array);
      if (parts === undefined || parts === null) return;
      if (!isList(parts)) throw new StepError('no_list', `${array.join('.')} is no list`);
      return documentsOf(record, { parts, without: array, put });
    },
  };
}

function isList(value: FieldValue): value is readonly FieldValue[] {
  return Array.isArray(value);
}

function partsOf(text: string, separator: string): string[] {
  const parts = text.split(separator, piecesMax + 1);
  if (parts.length > piecesMax) throw new StepError('too_many', `it has more than ${piecesMax} parts`);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

interface Splitting {
  readonly parts: readonly FieldValue[];
  readonly without: FieldPath | undefined;
  readonly put: (fields: MutableFields, part: FieldValue) => void;
}

function documentsOf(record: PipelineRecord, { parts, without, put }: Splitting): PipelineRecord[] | void {
  if (parts.length > partsMax) throw new StepError('too_many', `it has more than ${partsMax} parts`);
  if (parts.length === 0) return;
  const common = fieldsWithout(record.fields, without);
  if (sizeOfValue(common) * parts.length > copiesMax) throw new StepError('too_many', 'its parts have too many fields in common');
  if (jsonText(common).length * parts.length > copiedCharactersMax)
    throw new StepError('too_large', 'its parts have too much text in common');
  return parts.map((part) => {
    const fields = copyOfFields(common);
    put(fields, part);
    return record.sibling(fields);
  });
}

/** Without the list: it is not to be copied for each of its members. */
function fieldsWithout(fields: PipelineRecord['fields'], without: FieldPath | undefined): MutableFields {
  if (without === undefined) return { ...fields };
  const [name, ...rest] = without;
  const copy: MutableFields = { ...fields };
  const [next, ...others] = rest;
  const inner = fields[name];
  if (next !== undefined && isObject(inner)) copy[name] = fieldsWithout(inner, [next, ...others]);
  else removeField(copy, [name]);
  return copy;
}
