import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { labelsOption, nameOption } from '../common-options.ts';

/** The options of a canary input; hubs know its records by their log type. */
export const canaryInputOptions = z.strictObject({
  kind: z.literal('canary'),
  interval: durationBetween({ min: '1s', max: '1h' })
    .prefault('1m')
    .describe('How often a numbered record is sent: by one every minute 1,440 a day.'),
  tenant: nameOption.optional().describe('Owner of the records. Without it: the tenant of the agent.'),
  labels: labelsOption.default({}).describe('Added to every record, beside the labels of the agent.'),
});

export type CanaryInputOptions = Omit<z.output<typeof canaryInputOptions>, 'kind'>;
