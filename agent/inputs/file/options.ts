import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { framingFields } from '../../framing/framing-options.ts';
import { commonInputFields, encodingOption, labelsOption, nameOption } from '../common-options.ts';
import { captureProblem } from './captures.ts';

const pattern = z.string().min(1).startsWith('/', 'must be an absolute path or glob');

/** How files are followed and read: of every kind of input that is built on files. */
export const followingFields = {
  max_line_bytes: bytesBetween({ min: '64B', max: '4000000B' })
    .prefault('1MiB')
    .describe('A longer line is cut into records of this size that are marked partial. Nothing is dropped.'),
  idle_flush: durationBetween({ min: '10ms', max: '1h' })
    .prefault('5s')
    .describe('A last line without a newline is sent as a partial record when the file did not grow for this long.'),
  scan_interval: durationBetween({ min: '10ms', max: '1h' })
    .prefault('10s')
    .describe(
      'How often folders are looked into, whatever the notifications of the system say. Of many files some are looked at each time, in turn.',
    ),
  rotated_wait: durationBetween({ min: '10ms', max: '1d' })
    .prefault('1m')
    .describe(
      'A renamed or deleted file is closed when it was read to its end, did not grow for this long, and all of it is acknowledged.',
    ),
  rotated_files_max: z
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe(
      'Renamed and deleted files that are held open at a time. Beyond it the oldest are closed, and what is lost is counted.',
    ),
  open_files_max: z
    .int()
    .min(1)
    .max(100_000)
    .default(512)
    .describe('Files held open at a time; quiet ones are closed first, and those that were quiet for five minutes anyway.'),
  watch: z
    .enum(['auto', 'poll'])
    .default('auto')
    .describe(
      'How changes are noticed: by notifications of the system where the file system gives them (not where it is a network one), or by looking at all files every two seconds.',
    ),
};

/** One rule of `by_path`. */
const pathRule = z
  .strictObject({
    paths: z.array(pattern).min(1).describe('Paths or globs of the files this is for.'),
    pattern: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Regular expression that the path must match too, without look-ahead and back-references; `labels` may use its groups as `$1` or `$<name>`.',
      ),
    type: nameOption.optional().describe('Log type of these files.'),
    tenant: nameOption.optional().describe('Owner of these files.'),
    labels: labelsOption
      .default({})
      .describe('Added for these files; `$1` and `$<name>` stand for groups of `pattern`. One that comes out empty is left out.'),
  })
  .superRefine((rule, context) => {
    const problem = captureProblem(rule);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: [problem.field], message: problem.message });
  });

/** The options of a file input, without what every kind of input has in common. */
export const fileInputFields = {
  paths: z.array(pattern).min(1).describe('Files to read: absolute paths or globs (`*`, `?`, `**`, `[a-z]`, `{a,b}`).'),
  exclude: z.array(pattern).default([]).describe('Globs of files that are left out.'),
  by_path: z
    .array(pathRule)
    .max(100)
    .default([])
    .describe('Type, tenant and labels by path: the first rule that matches wins over what is said for the whole input.'),
  start: z
    .enum(['beginning', 'end'])
    .default('beginning')
    .describe(
      'Where to begin in files that are there when this input runs for the first time. Files found later begin at their beginning.',
    ),
  ignore_older: durationBetween({ min: '1s' })
    .optional()
    .describe('Files that were not written for this long are not opened. One that is written again is read.'),
  compressed: z
    .enum(['auto', 'never'])
    .default('auto')
    .describe('Whether gzip and zstd files, told by their first bytes, are read as what they hold.'),
  encoding: encodingOption,
  ...framingFields,
  ...followingFields,
};

export const fileInputOptions = z
  .strictObject({ kind: z.literal('file'), ...commonInputFields, ...fileInputFields })
  .superRefine(({ ignore_older: older, scan_interval: scan, idle_flush: idle }, context) => {
    if (older === undefined || older > Math.max(scan, idle)) return;
    context.addIssue({
      code: 'custom',
      path: ['ignore_older'],
      message: 'must be longer than scan_interval and idle_flush, or files would be left out before they are read',
    });
  });

/** As the file input takes them; `kind` has done its work by then. */
export type FileInputOptions = Omit<z.output<typeof fileInputOptions>, 'kind'>;
/** How an input of any kind built on files finds and reads them. */
export type FilesOptions = Pick<
  FileInputOptions,
  'paths' | 'exclude' | 'start' | 'ignore_older' | 'compressed' | 'overflow' | keyof typeof followingFields
>;
