import { bytesBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { filtersOption } from '../../framing/framing-options.ts';
import { commonInputFields } from '../common-options.ts';
import { fieldBytesLimit } from './limits.ts';

const priorities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

/** Globs are resolved by journalctl when it starts: units that come later would be missing. */
const unit = z
  .string()
  .max(256)
  .regex(/^[^\s*?[\]-][^\s*?[\]]*$/, 'must be the name of a unit such as nginx.service, without wildcards');

const match = z
  .string()
  .max(1024)
  .regex(/^[A-Z_][A-Z\d_]{0,63}=[^\0]*$/, 'must be a field of the journal and its value, such as _UID=33');

export const journaldInputOptions = z.strictObject({
  kind: z.literal('journald'),
  ...commonInputFields,
  directory: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .max(1024)
    .optional()
    .describe(
      'Folder of journal files, such as `/var/log/journal/remote`; its files are read as one journal. Without it: the journal of this machine.',
    ),
  start: z
    .enum(['beginning', 'end'])
    .default('beginning')
    .describe('Where to begin when this input runs for the first time. After that it goes on where it was.'),
  units: z
    .array(unit)
    .max(256)
    .default([])
    .describe('Only records of these units, and what systemd says of them. With several: of any of them.'),
  identifiers: z.array(z.string().min(1).max(256)).max(256).default([]).describe('Only records with these syslog identifiers.'),
  priority: z.enum(priorities).optional().describe('Only records of this priority and more important ones.'),
  boot: z.enum(['all', 'current']).default('all').describe('Records of all boots, or only of the boot that the agent runs in.'),
  matches: z
    .array(match)
    .max(256)
    .default([])
    .describe(
      'Only records with these fields, each `FIELD=value`. Of values of the same field one must fit; different fields must all fit.',
    ),
  filters: filtersOption
    .optional()
    .describe(
      'What is left out or masked before anything is stored or sent. Whether a record is left out is told by its `MESSAGE`; masks are put on all fields but those that begin with two underscores.',
    ),
  max_field_bytes: bytesBetween({ min: '1KiB', max: `${fieldBytesLimit}B` })
    .prefault('64KiB')
    .describe('The value of a longer field is cut, which is noted in the record and counted.'),
});

/** As the journald input takes them; `kind` has done its work by then. */
export type JournaldInputOptions = Omit<z.output<typeof journaldInputOptions>, 'kind'>;
