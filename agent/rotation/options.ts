/** The options of `rotation`: how the files of one group are rotated. */
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { isSchedule, isTimeZone } from '@tributary/shared/schedule/schedule-rules.ts';

const pattern = z.string().min(1).startsWith('/', 'must be an absolute path or glob');
/** The greatest delays that a timer of the system takes are far above; this only catches slips. */
const durationMax = '3650d';

const keepOptions = z.strictObject({
  count: z.int().min(0).max(100_000).optional().describe('Rotated files of each file that are kept; the oldest go first.'),
  bytes: bytesBetween({}).optional().describe('What the rotated files of each file may take together.'),
  age: durationBetween({ min: '1s', max: durationMax }).optional().describe('Rotated files older than this go.'),
});

const signalOptions = z.strictObject({
  pid_file: z.string().startsWith('/', 'must be an absolute path').describe("File with the writer's process id."),
  name: z
    .enum(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGINT', 'SIGTERM'])
    .default('SIGHUP')
    .describe('Signal on which the writer opens its log anew.'),
});

const createOptions = z.strictObject({
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'must be a file mode such as 0640')
    .optional()
    .describe('Mode of the new file, octal. Without it: that of the rotated one.'),
  owner: z.int().min(0).optional().describe('User id that owns it. Without it: that of the rotated one.'),
  group: z.int().min(0).optional().describe('Group id. Without it: that of the rotated one.'),
});

export const rotationGroupOptions = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-zA-Z0-9_.-]{1,64}$/, 'must be 1 to 64 of a-z, A-Z, 0-9, _, . and -')
      .describe('Name of the group, for `rotate`, status and events.'),
    paths: z.array(pattern).min(1).describe('Files that are rotated: absolute paths or globs. What was rotated is never one.'),
    exclude: z.array(pattern).default([]).describe('Globs of files that are left alone.'),
    max_size: bytesBetween({ min: '4KiB' }).optional().describe('A file is rotated when it is this large.'),
    max_age: durationBetween({ min: '1s', max: durationMax })
      .optional()
      .describe('A file is rotated this long after it was begun or rotated last.'),
    schedule: z
      .string()
      .refine(isSchedule, 'must be a cron expression such as `0 0 * * *` (minute, hour, day, month, day of the week)')
      .optional()
      .describe('Cron expression of when all files of the group are rotated; a sixth field in front is the second.'),
    time_zone: z
      .string()
      .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
      .optional()
      .describe('Time zone of `schedule`. Without it: that of the machine.'),
    keep: keepOptions.prefault({}).describe('How much of what was rotated is kept; without a limit all of it.'),
    compress: z.enum(['none', 'zstd', 'gzip']).default('zstd').describe('How rotated files are compressed.'),
    compress_after: durationBetween({ min: '0s', max: durationMax })
      .optional()
      .describe(
        'How long after its rotation by `rename` a file is compressed at the earliest; 1m unless set. It is never before every byte of it was acknowledged, nor while a process has it open for writing.',
      ),
    mode: z
      .enum(['rename', 'copytruncate'])
      .default('rename')
      .describe(
        '`rename`: the file gets another name and the writer opens a new one. `copytruncate`: for writers that never do; what was acknowledged is copied and taken out of the file.',
      ),
    cut: z
      .enum(['auto', 'collapse', 'punch', 'truncate'])
      .optional()
      .describe(
        'How `copytruncate` takes the beginning out of a file: `collapse` its blocks (ext4, XFS; for writers that append), `punch` a hole (for all others), `truncate` it. `auto`, the default, takes the first that the file system can do of collapse and punch.',
      ),
    signal: signalOptions.optional().describe('A signal to the writer after a rotation by `rename`.'),
    command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('A command after a rotation by `rename`, program and arguments, run without a shell.'),
    command_timeout: durationBetween({ min: '100ms', max: '1h' })
      .optional()
      .describe('The command is killed after this long; 30s unless set.'),
    create: createOptions
      .optional()
      .describe('A new, empty file is made after a rotation by `rename`, before the writer is told.'),
    unread: z
      .enum(['wait', 'rotate'])
      .default('wait')
      .describe('What to do with a file that no input reads: leave it alone and tell, or rotate it and wait for no hub.'),
    expire_unshipped: z
      .boolean()
      .default(false)
      .describe('True: `keep` also removes what no hub has yet; it is counted as lost (`expired`) and an event tells.'),
  })
  .superRefine((group, context) => {
    for (const { path, message } of contradictions(group)) context.addIssue({ code: 'custom', path: [path], message });
  });

export const rotationOptions = z
  .array(rotationGroupOptions)
  .default([])
  .superRefine((groups, context) => {
    for (const [index, { name }] of groups.entries()) {
      if (groups.findIndex((other) => other.name === name) === index) continue;
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `must be another name: ${name} is taken` });
    }
  });

export type RotationGroupOptions = z.output<typeof rotationGroupOptions>;

interface Contradiction {
  readonly path: string;
  readonly message: string;
}

type GroupFields = Pick<RotationGroupOptions, 'mode' | 'compress' | 'keep' | 'expire_unshipped'> & Partial<RotationGroupOptions>;

/** What cannot be meant together. */
function contradictions(group: GroupFields): readonly Contradiction[] {
  const { mode, compress, keep, expire_unshipped: expires } = group;
  const found: Contradiction[] = [];
  if (group.max_size === undefined && group.max_age === undefined && group.schedule === undefined) {
    found.push({ path: 'name', message: 'needs max_size, max_age or schedule: when are the files rotated?' });
  }
  if (group.time_zone !== undefined && group.schedule === undefined) {
    found.push({ path: 'time_zone', message: 'must go without schedule: it is the time zone of that' });
  }
  if (group.signal !== undefined && group.command !== undefined) {
    found.push({ path: 'command', message: 'must not stand beside signal: tell the writer in one way' });
  }
  if (group.command_timeout !== undefined && group.command === undefined) {
    found.push({ path: 'command_timeout', message: 'must go without command' });
  }
  const ofRename = (['signal', 'command', 'create', 'compress_after'] as const).filter((name) => group[name] !== undefined);
  if (mode === 'copytruncate') {
    for (const path of ofRename) found.push({ path, message: 'must go with mode: copytruncate, the writer notices nothing' });
  }
  if (mode === 'rename' && group.cut !== undefined) {
    found.push({ path: 'cut', message: 'must go with mode: rename, it is of copytruncate' });
  }
  if (compress === 'none' && group.compress_after !== undefined) {
    found.push({ path: 'compress_after', message: 'must go with compress: none' });
  }
  const keepsAll = keep.count === undefined && keep.bytes === undefined && keep.age === undefined;
  if (expires && keepsAll) {
    found.push({ path: 'expire_unshipped', message: 'must go without a limit under keep: nothing is ever removed' });
  }
  return found;
}
