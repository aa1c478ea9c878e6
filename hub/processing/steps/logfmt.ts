import * as z from 'zod';
import { fieldPath, fromOption, textOf } from './options.ts';
import { jsonUnescaped, quoteEnd } from './quoted-text.ts';
import { defineStep, StepError } from './step.ts';
import { fieldsOption, FoundFields } from './targets.ts';

const options = z.strictObject({
  from: fromOption,
  to: fieldPath.optional().describe('The field that gets all of them. They become fields of the document unless named.'),
  fields: fieldsOption,
});

/** As go-kit and Heroku write it. A name without `=` is true. */
export const logfmt = defineStep({
  name: 'logfmt',
  summary: 'Reads names and values: `level=info msg="it is done" ms=12`.',
  options,
  make({ from, to, fields }) {
    return {
      run(record): void {
        const found = new FoundFields(fields);
        readLogfmt(textOf(record, from), found);
        found.give(record, to);
      },
    };
  },
});

function readLogfmt(text: string, found: FoundFields): void {
  let at = afterSpace(text, 0);
  let values = 0;
  while (at < text.length) {
    const nameEnd = endOfWord(text, at, true);
    if (nameEnd === at) throw new StepError('logfmt', `it is not logfmt: no name begins at character ${at + 1}`);
    const name = text.slice(at, nameEnd);
    if (text[nameEnd] !== '=') {
      if (text[nameEnd] === '"')
        throw new StepError('logfmt', `it is not logfmt: a quote within the name at character ${at + 1}`);
      found.add(name, true);
      at = afterSpace(text, nameEnd);
      continue;
    }
    const end = valueEnd(text, nameEnd + 1);
    found.add(name, valueOf(text.slice(nameEnd + 1, end)));
    values += 1;
    at = afterSpace(text, end);
  }
  // Words that are a sentence are names without values, too.
  if (values === 0) throw new StepError('logfmt', 'it is not logfmt: nothing in it has a value');
}

function valueEnd(text: string, at: number): number {
  if (text[at] !== '"') return endOfWord(text, at, false);
  const quote = quoteEnd(text, at + 1);
  if (quote < 0) throw new StepError('logfmt', `it is not logfmt: the quote at character ${at + 1} is not closed`);
  return quote + 1;
}

function valueOf(text: string): string {
  return text.startsWith('"') ? jsonUnescaped(text.slice(1, -1)) : text;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  return at;
}

/** A name also ends at `=` or a quote. */
function endOfWord(text: string, from: number, isName: boolean): number {
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 32 || (isName && (code === 61 || code === 34))) return at;
  }
  return at;
}
