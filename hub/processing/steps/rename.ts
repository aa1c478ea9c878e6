import * as z from 'zod';
import { type FieldPath, type FieldValue, parseFieldPath, removeField, setField } from '../record/fields.ts';
import { fieldPath } from './options.ts';
import { defineStep, StepOptionError } from './step.ts';

const options = z.strictObject({
  fields: z
    .record(z.string().min(1), fieldPath)
    .describe('New names of fields: `status: http.response.status_code`. A field that is not there is left out.'),
});

/** All of them at once, so that two fields can change places. */
export const rename = defineStep({
  name: 'rename',
  summary: 'Gives fields other names.',
  options,
  make({ fields }) {
    const moves = Object.entries(fields).map(([name, to]): { from: FieldPath; to: FieldPath } => {
      const from = parseFieldPath(name);
      if (from === undefined) throw new StepOptionError(['fields', name], 'is no name of a field');
      return { from, to };
    });
    return {
      run(record): void {
        const moved: [FieldPath, FieldValue][] = [];
        for (const { from, to } of moves) {
          const value = record.get(from);
          if (value !== undefined) moved.push([to, value]);
        }
        if (moved.length === 0) return;
        const edited = record.edit();
        for (const { from } of moves) removeField(edited, from);
        for (const [to, value] of moved) setField(edited, to, value);
      },
    };
  },
});
