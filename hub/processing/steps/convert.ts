import * as z from 'zod';
import { type FieldPath, type FieldValue, parseFieldPath } from '../record/fields.ts';
import { defineStep, StepOptionError } from './step.ts';
import { convertValue, type ValueType, valueTypeNames, valueTypeOf } from './value-types.ts';

const options = z.strictObject({
  fields: z
    .record(z.string().min(1), z.enum(valueTypeNames))
    .describe(
      'The type of each field: `http.response.status_code: int`. `int` is a whole number up to 2^53, `float` any number, `bool` also of yes, no, on, off, 1 and 0, `string` a text, also of objects, and `ip` an IPv4 or IPv6 address. A field that is not there is left out; of a list each member is converted.',
    ),
});

interface Conversion {
  readonly path: FieldPath;
  readonly name: string;
  readonly type: ValueType;
}

export const convert = defineStep({
  name: 'convert',
  summary: 'Gives fields a type.',
  options,
  make({ fields }) {
    const conversions = Object.entries(fields).map(([name, type]): Conversion => {
      const path = parseFieldPath(name);
      if (path === undefined) throw new StepOptionError(['fields', name], 'is no name of a field');
      return { path, name, type: valueTypeOf(type) };
    });
    return {
      run(record): void {
        const converted: [FieldPath, FieldValue][] = [];
        for (const { path, name, type } of conversions) {
          const value = record.get(path);
          if (value === undefined || value === null) continue;
          const made = convertValue(value, type, name);
          if (made !== value) converted.push([path, made]);
        }
        for (const [path, value] of converted) record.set(path, value);
      },
    };
  },
});
