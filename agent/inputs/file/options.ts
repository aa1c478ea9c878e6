import { labelNameBytesMax, labelsMax, labelValueBytesMax } from '@tributary/protocol/limits.ts';
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import { suggest } from '@tributary/shared/options/suggest.ts';
import * as z from 'zod';
import { namePattern, nameRule } from '../../config/rules.ts';

const name = z.string().regex(namePattern, nameRule);
const pattern = z.string().min(1).startsWith('/', 'must be an absolute path or glob');

/** What is suggested; other labels of the Encoding Standard are accepted too. */
const encodings: readonly string[] = (
  'utf-8 utf-16le utf-16be us-ascii iso-8859-1 iso-8859-2 iso-8859-5 iso-8859-7 iso-8859-15 windows-1250 windows-1251 ' +
  'windows-1252 koi8-r shift_jis euc-jp euc-kr gb18030 gbk big5'
).split(' ');

function isEncoding(label: string): boolean {
  try {
    return label === label.trim() && new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}

function encodingProblem(label: string): string {
  const meant = suggest(label, encodings);
  return `must be an encoding such as utf-8, utf-16le or windows-1252${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

/** The options of a file input, without what every kind of input has in common. */
export const fileInputFields = {
  paths: z.array(pattern).min(1).describe('Files to read: absolute paths or globs (`*`, `?`, `**`, `[a-z]`, `{a,b}`).'),
  exclude: z.array(pattern).default([]).describe('Globs of files that are left out.'),
  type: name.describe('Log type of the records.'),
  tenant: name.optional().describe('Owner of the records. Without it: the tenant of the agent.'),
  labels: z
    .record(z.string().min(1).max(labelNameBytesMax), z.string().max(labelValueBytesMax))
    .refine((labels) => Object.keys(labels).length <= labelsMax, `must be at most ${labelsMax} labels`)
    .default({})
    .describe('Added to every record, beside the labels of the agent.'),
  start: z
    .enum(['beginning', 'end'])
    .default('beginning')
    .describe(
      'Where to begin in files that are there when this input runs for the first time. Files found later begin at their beginning.',
    ),
  encoding: z
    .string()
    .min(1)
    .max(64)
    .refine(isEncoding, { error: ({ input }) => encodingProblem(String(input)) })
    .default('utf-8')
    .describe('Encoding of the bytes, an IANA name; they are not changed.'),
  max_line_bytes: bytesBetween({ min: '64B', max: '4000000B' })
    .prefault('1MiB')
    .describe('A longer line is cut into records of this size that are marked partial. Nothing is dropped.'),
  idle_flush: durationBetween({ min: '10ms', max: '1h' })
    .prefault('5s')
    .describe('A last line without a newline is sent as a partial record when the file did not grow for this long.'),
  scan_interval: durationBetween({ min: '10ms', max: '1h' })
    .prefault('10s')
    .describe('How often all files are looked for, whatever the notifications of the system say.'),
  rotated_wait: durationBetween({ min: '10ms', max: '1d' })
    .prefault('1m')
    .describe('A renamed or deleted file that was read to its end is closed when it did not grow for this long.'),
  open_files_max: z.int().min(1).max(100_000).default(512).describe('Files held open at a time; quiet ones are closed first.'),
};

export const fileInputOptions = z.strictObject({ kind: z.literal('file'), ...fileInputFields });

/** As the file input takes them; `kind` has done its work by then. */
export type FileInputOptions = Omit<z.output<typeof fileInputOptions>, 'kind'>;
