import * as z from 'zod';
import { type FieldPath, type MutableFields, removeField, setField } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { fieldPath } from './options.ts';
import { defineStep } from './step.ts';

const options = z
  .strictObject({
    fields: z.array(fieldPath).min(1).optional().describe('What goes. With an object go all fields in it.'),
    except: z.array(fieldPath).min(1).optional().describe('What stays; everything else goes.'),
  })
  .refine(({ fields, except }) => (fields === undefined) !== (except === undefined), 'wants either fields or except');

/** What is not there needs not go. */
export const remove = defineStep({
  name: 'remove',
  summary: 'Takes fields out of the document. The record itself stays as it came.',
  options,
  make({ fields = [], except }) {
    if (except !== undefined) return { run: (record): void => keepOnly(record, except) };
    return {
      run(record): void {
        if (fields.every((path) => record.get(path) === undefined)) return;
        const edited = record.edit();
        for (const path of fields) removeField(edited, path);
      },
    };
  },
});

function keepOnly(record: PipelineRecord, paths: readonly FieldPath[]): void {
  const kept: MutableFields = {};
  for (const path of paths) {
    const value = record.get(path);
    if (value !== undefined) setField(kept, path, value);
  }
  record.replace(kept);
}
