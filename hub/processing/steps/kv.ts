import * as z from 'zod';
import { fieldPath, fromOption, textOf } from './options.ts';
import { defineStep, StepError } from './step.ts';
import { fieldsOption, FoundFields } from './targets.ts';

const options = z.strictObject({
  from: fromOption,
  to: fieldPath.optional().describe('The field that gets all of them. They become fields of the document unless named.'),
  pair_separator: z
    .string()
    .min(1)
    .max(20)
    .default(' ')
    .describe('What stands between two pairs. More than one in a row count as one.'),
  value_separator: z.string().min(1).max(20).default('=').describe('What stands between a name and its value.'),
  quotes: z
    .string()
    .max(10)
    .default(`"'`)
    .describe(
      'Characters that a value, or a name, may stand between. Within, a backslash before such a character takes its meaning.',
    ),
  prefix: z.string().max(100).default('').describe('Stands before every name that `fields` does not have, such as `app.`.'),
  fields: fieldsOption,
});

interface Separators {
  readonly pair: string;
  readonly value: string;
  readonly quotes: string;
}

/** Text that belongs to no pair is passed over. */
export const kv = defineStep({
  name: 'kv',
  summary: 'Reads names and values with separators of your own: `user=ada; role="first"`.',
  options,
  make({ from, to, pair_separator, value_separator, quotes, prefix, fields }) {
    const separators = { pair: pair_separator, value: value_separator, quotes };
    return {
      run(record): void {
        const found = new FoundFields(fields, prefix);
        readPairs(textOf(record, from), separators, found);
        if (found.count === 0) throw new StepError('no_match', `it has no name with ${value_separator} behind it`);
        found.give(record, to);
      },
    };
  },
});

function readPairs(text: string, separators: Separators, found: FoundFields): void {
  const { pair, value } = separators;
  let at = 0;
  // Where the next of each is, searched only when it was passed: no text is gone through twice.
  let nextPair = -1;
  let nextValue = -1;
  while (at < text.length) {
    if (text.startsWith(pair, at)) {
      at += pair.length;
      continue;
    }
    const nameEnd = closingQuote(text, at, separators);
    const from = Math.max(at, nameEnd);
    if (nextValue < from) nextValue = text.indexOf(value, from);
    if (nextValue < 0) return;
    if (nextPair < from) nextPair = indexOrEnd(text, pair, from);
    if (nextPair < nextValue) {
      at = nextPair;
      continue;
    }
    const begin = nextValue + value.length;
    const end = closingQuote(text, begin, separators);
    const stop = end < 0 ? indexOrEnd(text, pair, begin) : end;
    const name = unquoted(text.slice(at, nextValue).trim(), separators);
    if (name !== '') found.add(name, unquoted(text.slice(begin, stop).trim(), separators));
    at = stop;
  }
}

function indexOrEnd(text: string, what: string, from: number): number {
  const index = text.indexOf(what, from);
  return index < 0 ? text.length : index;
}

/** Behind the quote that closes the one at `from`; minus one where there is none, or text follows it that belongs to the same value. */
function closingQuote(text: string, from: number, { quotes, pair, value }: Separators): number {
  const quote = text[from];
  if (quote === undefined || !quotes.includes(quote)) return -1;
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) {
      const behind = at + 1;
      const ends = behind === text.length || text.startsWith(pair, behind) || text.startsWith(value, behind);
      return ends ? behind : -1;
    }
  }
  return -1;
}

function unquoted(text: string, { quotes }: Separators): string {
  const quote = text[0] ?? '';
  if (text.length < 2 || quote === '' || !quotes.includes(quote) || !text.endsWith(quote)) return text;
  const inner = text.slice(1, -1);
  return inner.includes('\\') ? inner.replaceAll(`\\${quote}`, quote).replaceAll('\\\\', '\\') : inner;
}
