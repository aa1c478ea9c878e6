import { suggest } from '@tributary/shared/options/suggest.ts';
import * as z from 'zod';
import { typeName } from '../../config/names.ts';
import { defineStep, StepOptionError } from './step.ts';

/** What Elasticsearch takes as the name of an index, and a little less. */
export const indexName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,199}$/, 'must be 1 to 200 of a-z, 0-9, ".", "_" and "-", and begin with a letter or a digit');

export const outputNames = z
  .array(z.string().regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _'))
  .min(1)
  .max(100);

const options = z
  .strictObject({
    type: typeName.optional().describe('Another log type of the same tenant: its outputs get the document.'),
    index: indexName.optional().describe('The name of an index or data stream, for outputs that have such.'),
    outputs: outputNames.optional().describe('Names of outputs: only these take it.'),
    drop: z.literal(true).optional().describe('It goes nowhere: it is counted, and gone.'),
  })
  .superRefine(({ type, index, outputs, drop }, context) => {
    const goes = type !== undefined || index !== undefined || outputs !== undefined;
    if (drop !== true && !goes) context.addIssue({ code: 'custom', message: 'needs type, index, outputs or drop' });
    if (drop === true && goes)
      context.addIssue({ code: 'custom', message: 'goes nowhere with drop, so nothing else can be named' });
  });

/** What an earlier route said holds as far as this one says nothing else. */
export const route = defineStep({
  name: 'route',
  summary: 'Sends a document somewhere else: to another log type, index or output, or nowhere.',
  options,
  make({ type, index, outputs, drop }, context) {
    const unknown = outputs === undefined ? undefined : unknownOutput(outputs, context.outputs);
    if (unknown !== undefined) throw new StepOptionError(['outputs', unknown.index], unknown.message);
    const named = { ...(index !== undefined && { index }), ...(outputs !== undefined && { outputs }) };
    return {
      run(record) {
        if (drop === true) return 'drop';
        const { type: before, ...others } = record.destination ?? {};
        const goesTo = type ?? before;
        // Its own type is where it goes anyway.
        const elsewhere = goesTo === undefined || goesTo === record.source.type ? {} : { type: goesTo };
        record.destination = { ...others, ...named, ...elsewhere };
        return undefined;
      },
    };
  },
});

/** A document for an output that there is not would go nowhere. `known` is undefined where nobody knows which there are. */
export function unknownOutput(
  wanted: readonly string[],
  known: readonly string[] | undefined,
): { readonly index: number; readonly message: string } | undefined {
  const index = known === undefined ? -1 : wanted.findIndex((name) => !known.includes(name));
  const name = wanted[index];
  if (name === undefined || known === undefined) return undefined;
  const meant = suggest(name, known);
  const hint = meant === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${meant}?`;
  return { index, message: `${name} is no output of this hub that takes documents; ${hint}` };
}
