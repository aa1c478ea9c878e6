import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { framingFields } from '../../framing/framing-options.ts';
import { followingFields } from '../file/options.ts';

/** How the logs of containers are read, whoever runs them. */
export const containerLogFields = {
  start: z
    .enum(['beginning', 'end'])
    .default('beginning')
    .describe('Where to begin in logs that are there when this input runs for the first time.'),
  ignore_older: durationBetween({ min: '1m' })
    .optional()
    .describe('Logs that were not written for this long are not opened. One that is written again is read.'),
  ...followingFields,
  ...framingFields,
};
