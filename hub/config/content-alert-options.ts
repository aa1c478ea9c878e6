/** What of records is worth a finding: how many say something, or how many come. */
import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { PatternError, createMatcher } from '../outputs/archive/search/matcher.ts';
import { parseFieldQuery } from '../search/field-query/parse.ts';
import { tenantName, typeName } from './names.ts';

const times = { min: '10s', max: '1d' };
const level = z.enum(['yellow', 'red']).default('yellow').describe('The colour that the channel gets.');

const chosen = {
  name: z
    .string()
    .regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _')
    .describe('What the finding calls it.'),
  tenant: tenantName.describe('Records of this tenant,'),
  type: typeName.describe('and of this log type.'),
  level,
};

const matches = z
  .strictObject({
    kind: z.literal('matches').describe('So many records that fit came within so long.'),
    ...chosen,
    text: z.string().min(1).max(4096).optional().describe('Records whose line has this text.'),
    regex: z
      .string()
      .min(1)
      .max(4096)
      .refine(isPattern, 'is no regular expression that can be used here')
      .optional()
      .describe('Records whose line has what this regular expression fits.'),
    query: z
      .string()
      .min(1)
      .max(4096)
      .refine(isQuery, 'is no query on fields: write http.response.status_code >= 500')
      .optional()
      .describe('Records whose fields are so, as the search has it: `http.response.status_code >= 500`.'),
    ignore_case: z.boolean().default(false).describe('Capital and small letters are the same in `text` and `regex`.'),
    count: z.int().min(1).max(1_000_000_000).default(1).describe('From so many on,'),
    within: durationBetween(times).prefault('5m').describe('within this time.'),
  })
  .refine(({ text, regex, query }) => [text, regex, query].filter((one) => one !== undefined).length === 1, {
    path: ['text'],
    error: 'needs one of text, regex and query',
  });

const rate = z
  .strictObject({
    kind: z.literal('rate').describe('Far more or far fewer records come than usual.'),
    ...chosen,
    within: durationBetween(times).prefault('5m').describe('What came within this time is compared'),
    usual: durationBetween({ min: '1m', max: '7d' })
      .prefault('1h')
      .describe('with what came in as much time on average over this long before; nothing is said before it is over once.'),
    above: z.number().min(1).max(1_000_000).optional().describe('More than so many times as much as usual.'),
    below: z.number().min(0).max(1).optional().describe('Less than this part of it.'),
    least: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(100)
      .describe('A jump below this number of records is none, nor a fall from one.'),
  })
  .refine(({ above, below }) => above !== undefined || below !== undefined, {
    path: ['above'],
    error: 'needs above, or below, or both',
  })
  .refine(({ within, usual }) => usual >= 2 * within, { path: ['usual'], error: 'must be at least twice within' });

export const contentAlert = z.discriminatedUnion('kind', [matches, rate]);

export type ContentAlert = z.output<typeof contentAlert>;
export type MatchAlert = z.output<typeof matches>;
export type RateAlert = z.output<typeof rate>;

function isPattern(text: string): boolean {
  try {
    createMatcher({ kind: 'regex', text, ignoreCase: false });
    return true;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

function isQuery(text: string): boolean {
  try {
    parseFieldQuery(text);
    return true;
  } catch {
    return false;
  }
}
