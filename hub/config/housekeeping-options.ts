/** What goes by itself, and when. */
import { isSchedule } from '@tributary/shared/schedule/schedule-rules.ts';
import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { tenantName, typeName } from './names.ts';

export const retentionKinds = ['indices', 'audit', 'archive', 'dead_letters', 'streams', 'tokens'] as const;
export type RetentionKind = (typeof retentionKinds)[number];

const rule = z.strictObject({
  kind: z
    .enum(retentionKinds)
    .describe(
      '`indices` of Elasticsearch, `audit`: those of them with the audit trail, `archive` objects with their rows, `dead_letters`, `streams`: positions of files that ended, `tokens` that are good for nothing any more.',
    ),
  tenant: tenantName.optional().describe('Of this tenant only.'),
  type: typeName
    .optional()
    .describe(
      'Of this log type only. Of indices with platform events `platform`, or what they are: `audit`, `health`, `metricbeat`.',
    ),
  age: durationBetween({ min: '1m', max: '36500d' }).describe(
    'Older ones go. Counted from the rollover of an index, from the day in the name of a daily one, from when the newest record of an object was received, from when a document was refused first, from when a stream was closed, from when a token expired or was revoked.',
  ),
});

export const housekeepingOptions = z.strictObject({
  schedule: z
    .string()
    .refine(isSchedule, 'must be a cron expression such as `15 3 * * *` (minute, hour, day, month, day of the week)')
    .default('15 3 * * *')
    .describe('When it is looked what may go, in UTC.'),
  retention: z
    .array(rule)
    .max(1000)
    .default([])
    .describe(
      'The first rule that fits holds. Without one, `streams` and `tokens` go after 30 days, indices by the `retention` of their output, and nothing else goes.',
    ),
});

export type HousekeepingOptions = z.output<typeof housekeepingOptions>;
