import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { framingFields } from '../../framing/framing-options.ts';
import { isSchedule, isTimeZone } from '@tributary/shared/schedule/schedule-rules.ts';
import { commonInputFields, encodingOption } from '../common-options.ts';
import { maxMessageBytes } from '../sockets/socket-options.ts';

const fields = z.strictObject({
  kind: z.literal('exec'),
  ...commonInputFields,
  command: z
    .array(z.string().max(4096))
    .min(1)
    .max(256)
    .refine(([program]) => program !== '', 'begins with a program')
    .describe(
      'The program and its arguments. No shell reads them: for one, write `[sh, -c, "…"]`. Each line of its output is a record.',
    ),
  working_dir: z.string().startsWith('/', 'must be an absolute path').default('/').describe('Folder in which it runs.'),
  interval: durationBetween({ min: '1s', max: '365d' })
    .optional()
    .describe(
      'Runs the command at once and then so often; not while it still runs. Without `interval` and `schedule`: again whenever it ends.',
    ),
  schedule: z
    .string()
    .max(256)
    .refine(isSchedule, 'must be a cron expression such as "*/5 * * * *"')
    .optional()
    .describe('Runs the command at these times, a cron expression; not while it still runs.'),
  time_zone: z
    .string()
    .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
    .optional()
    .describe('Time zone of `schedule`. Without it: that of the machine.'),
  stderr: z
    .enum(['log', 'stream'])
    .default('log')
    .describe(
      'What becomes of its standard error: only the last line is told when the command ends, or each line is a record of a stream of its own.',
    ),
  timeout: durationBetween({ min: '1s', max: '30d' })
    .optional()
    .describe('A command that runs for longer is killed. Without it: never.'),
  max_output_bytes: bytesBetween({ min: '1KiB' })
    .optional()
    .describe(
      'A command that writes more than this in one run is killed, and what it had written beyond is counted as lost. Without it: no limit.',
    ),
  encoding: encodingOption,
  max_line_bytes: maxMessageBytes('line'),
  filters: framingFields.filters,
});

export const execInputOptions = fields
  .refine(({ interval, schedule }) => interval === undefined || schedule === undefined, {
    error: 'must go without interval, or the other way round',
    path: ['schedule'],
  })
  .refine(({ schedule, time_zone: zone }) => zone === undefined || schedule !== undefined, {
    error: 'must go without schedule: it is the time zone of that',
    path: ['time_zone'],
  });

export type ExecInputOptions = Omit<z.output<typeof fields>, 'kind'>;
