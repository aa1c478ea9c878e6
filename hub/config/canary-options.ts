/** Whether numbered records of agents are where records end. */
import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';

export const canaryOptions = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Look for them in the archive and in Elasticsearch. It costs nothing where no agent has an input of kind `canary`.',
      ),
    every: durationBetween({ min: '1s', max: '1h' }).prefault('1m').describe('How often it is looked.'),
    late: durationBetween({ min: '1s', max: '1d' })
      .prefault('10m')
      .describe('A number that is not there so long after one that followed it was received, is unaccounted for.'),
    red: z.int().min(1).max(1_000_000).default(10).describe('From so many of one agent on the finding is red instead of yellow.'),
    forget: durationBetween({ min: '1m', max: '30d' })
      .prefault('1d')
      .describe('What is missing for so long is not told any more.'),
  })
  .refine(({ late, forget }) => late < forget, { path: ['late'], error: 'must be less than forget' });

export type CanaryOptions = z.output<typeof canaryOptions>;
