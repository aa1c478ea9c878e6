import * as z from 'zod';
import { fromOption, textOf } from './options.ts';
import { defineStep, StepError } from './step.ts';
import { FoundFields, target } from './targets.ts';

const character = z.string().regex(/^[^\r\n]$/u, 'must be one character');

const options = z.strictObject({
  from: fromOption,
  columns: z
    .array(target.nullable())
    .min(1)
    .max(1000)
    .describe(
      'The field of each column, with its type if wanted: `http.response.status_code:int`. `null`: the column is left out.',
    ),
  separator: character.default(',').describe('What stands between two values.'),
  quote: character.default('"').describe('What a value may stand between. Two of it within such a value are one.'),
  ragged: z
    .boolean()
    .default(false)
    .describe('Whether a line may have more or fewer values than there are columns. Those without a column are left out.'),
});

/** A value that may stand between quotes, or undefined: nothing stands there at all. */
type CsvValue = string | undefined;

/** RFC 4180. A value of which nothing is there, not even quotes, leaves its field out. */
export const csv = defineStep({
  name: 'csv',
  summary: 'Reads values with commas between them, or tabs, or what is named.',
  options,
  make({ from, columns, separator, quote, ragged }) {
    return {
      run(record): void {
        const values = readValues(textOf(record, from), separator, quote);
        if (!ragged && values.length !== columns.length)
          throw new StepError('csv', `it has ${values.length} values, and there are ${columns.length} columns`);
        const found = new FoundFields(new Map());
        for (const [index, column] of columns.entries()) {
          const value = values[index];
          if (column !== null && value !== undefined) found.put(column, value);
        }
        found.give(record, undefined);
      },
    };
  },
});

const valuesMax = 10_000;

function readValues(text: string, separator: string, quote: string): CsvValue[] {
  const values: CsvValue[] = [];
  let at = 0;
  for (;;) {
    if (values.length >= valuesMax) throw new StepError('too_many', `it has more than ${valuesMax} values`);
    if (text.startsWith(quote, at)) {
      const end = closingQuote(text, at + quote.length, quote);
      if (end < 0) throw new StepError('csv', `the quote at character ${at + 1} is not closed`);
      values.push(text.slice(at + quote.length, end).replaceAll(quote + quote, quote));
      at = end + quote.length;
      if (at < text.length && !text.startsWith(separator, at))
        throw new StepError('csv', `text follows the quote at character ${at}, and no separator`);
    } else {
      const next = text.indexOf(separator, at);
      const end = next < 0 ? text.length : next;
      values.push(end === at ? undefined : text.slice(at, end));
      at = end;
    }
    if (at >= text.length) return values;
    at += separator.length;
  }
}

function closingQuote(text: string, from: number, quote: string): number {
  let at = text.indexOf(quote, from);
  while (at >= 0 && text.startsWith(quote, at + quote.length)) at = text.indexOf(quote, at + 2 * quote.length);
  return at;
}
