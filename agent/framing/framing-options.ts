/**
 * The options that say what a record is and which records are shipped, for every input that has them. Loaded only while a
 * configuration is read; what they mean is made by create-framing.ts.
 */
import { patternProblem } from '@tributary/shared/linear-pattern.ts';
import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';

const pattern = z
  .string()
  .min(1)
  .refine((source) => patternProblem(source) === undefined, { error: ({ input }) => patternProblem(String(input)) ?? '' });

const patterns = z.array(pattern).max(100).default([]);

const waysToJoin = ['preset', 'start', 'continuation', 'end', 'count'] as const;

export const multilineOption = z
  .strictObject({
    preset: z
      .enum(['java', 'python', 'go', 'node'])
      .optional()
      .describe(
        'Stack traces of this language are joined with the line before them: causes and suppressed ones of Java, chained ones of Python, the goroutines of Go, nested causes of Node.',
      ),
    start: pattern.optional().describe('A record begins with each line that matches.'),
    continuation: pattern.optional().describe('A line that matches belongs to the record before it.'),
    end: pattern.optional().describe('A record ends with each line that matches.'),
    count: z.int().min(2).max(10_000).optional().describe('So many lines are a record.'),
    negate: z.boolean().default(false).describe('With a pattern: lines that do not match are meant.'),
    max_lines: z.int().min(2).max(10_000).default(500).describe('A longer record is cut; its first part is marked partial.'),
    timeout: durationBetween({ min: '10ms', max: '1h' })
      .prefault('1s')
      .describe('A record that may go on is sent as it is when nothing was added for this long.'),
  })
  .refine((given) => waysToJoin.filter((way) => given[way] !== undefined).length === 1, {
    error: 'needs exactly one of preset, start, continuation, end and count',
  })
  .refine((given) => !given.negate || given.start !== undefined || given.continuation !== undefined || given.end !== undefined, {
    error: 'negate needs a pattern: start, continuation or end',
  });

export const filtersOption = z.strictObject({
  include: patterns.describe('Only records that match one of these patterns are shipped. Without any: all.'),
  exclude: patterns.describe('Records that match one of these patterns are not shipped, included or not.'),
  sample: z
    .strictObject({
      keep: z.number().min(0).max(1).describe('Share of the records that is shipped, such as 0.1.'),
      match: pattern.optional().describe('Only records that match are sampled, and all others are shipped.'),
    })
    .optional()
    .describe(
      'Ships only a part of the records. Which ones depends on where they are, so that what is read again is decided alike.',
    ),
  redact: z
    .strictObject({
      presets: z
        .array(z.enum(['card', 'email', 'token', 'ipv4']))
        .default([])
        .describe(
          'Numbers of payment cards with a valid check digit; mail addresses; JWT, bearer and basic credentials and well-known forms of access keys; IPv4 addresses.',
        ),
      patterns: patterns.describe(
        'What matches is masked. What must stand before it goes into a look-behind: `(?<=password=)\\S+`. Records that were cut are looked at in their pieces.',
      ),
    })
    .optional()
    .describe('What is masked, byte for byte, by `*` before anything is stored or sent.'),
});

/** What every input that reads bytes may have. */
export const framingFields = {
  multiline: multilineOption
    .optional()
    .describe('Joins lines to records. Patterns look at the first 4 KiB of a line, without its end.'),
  filters: filtersOption
    .optional()
    .describe(
      'What is left out or masked before anything is stored or sent. What is left out is counted, and is no loss. Patterns look at a record without its end, and of a log of containers at what the container wrote.',
    ),
};

export type MultilineOptions = z.output<typeof multilineOption>;
export type FilterOptions = z.output<typeof filtersOption>;
