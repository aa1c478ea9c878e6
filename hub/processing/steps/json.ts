import * as z from 'zod';
import { isObject, type FieldValue, type MutableFields } from '../record/fields.ts';
import { checkDepth, sizeOfValue } from './copy-value.ts';
import { expandDots } from './expand-dots.ts';
import { fieldPath, fromOption, textOf } from './options.ts';
import { defineStep, StepError } from './step.ts';

const options = z.strictObject({
  from: fromOption,
  to: fieldPath.optional().describe('The field that gets the object. Its members become fields of the document unless named.'),
  expand_dots: z
    .boolean()
    .default(false)
    .describe(
      'Names with dots become objects, as loggers for ECS write them: `{"log.level": "warn"}` is `{"log": {"level": "warn"}}`. Where another value stands in the way a name stays as it is.',
    ),
});

/** RFC 8259. Of a member that comes twice the last one holds; numbers beyond 2^53 are as near as a double is. */
export const json = defineStep({
  name: 'json',
  summary: 'Reads a JSON object.',
  options,
  make({ from, to, expand_dots }) {
    return {
      run(record): void {
        const text = textOf(record, from);
        const parsed = parseObject(text);
        const fields = expand_dots ? expanded(parsed, text) : parsed;
        if (to !== undefined) record.set(to, fields);
        else if (isEmpty(record.fields) && text === record.rawText && fields === parsed) record.replaceByRawJson(fields);
        else record.merge(fields);
      },
    };
  },
});

function parseObject(text: string): MutableFields {
  let value: FieldValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StepError('json', `it is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (!isObject(value)) throw new StepError('json', 'it is JSON, but not an object');
  checkDepth(value, text);
  return value;
}

/** A shorter text cannot lead too deep. */
const longMin = 1000;

/** A name leads as deep as it has dots. */
function expanded(parsed: MutableFields, text: string): MutableFields {
  const fields = expandDots(parsed);
  if (fields !== parsed && text.length > longMin) sizeOfValue(fields);
  return fields;
}

function isEmpty(fields: object): boolean {
  for (const name in fields) if (Object.hasOwn(fields, name)) return false;
  return true;
}
