/** The command `archive restore`, as it is typed. */
import type { Command } from 'commander';
import type { CommandLineParts } from './access-command-line.ts';
import type { RestoreOptions } from './archive-restore.ts';

export function addRestore(restore: Command, { host, finish, configOption, configOf }: CommandLineParts): void {
  restore
    .description('send archived lines through a pipeline again: documents as JSON, or into a log type of the running hub')
    .argument('<tenant/type>', 'whose lines: as they were archived')
    .requiredOption('--pipeline <name>', 'a file in pipelines_dir, or a preset')
    .addOption(configOption())
    .option('--since <time>', 'received at or after: 2026-11-21, 2026-11-21T10:00:00Z (UTC unless it says otherwise), or 15m ago')
    .option('--until <time>', 'received before')
    .option('--host <host>', 'only lines of this machine')
    .option('--output <file>', 'write the documents there, one a line; - is standard output (the default)')
    .option('--into <type>', 'have the running hub take them as this log type of the same tenant')
    .option('--json', 'print the sums as JSON', false)
    .addHelpText('after', restoreHelpText)
    .action(async (channel: string, flags: Omit<RestoreOptions, 'channel' | 'configFile' | 'configGiven'>) => {
      const { archiveRestoreCommand } = await import('./archive-restore.ts');
      finish(await archiveRestoreCommand({ ...flags, channel, ...configOf(restore) }, host));
    });
}

const restoreHelpText = `
Each line is the record as it was received, with the same stream and position: its documents have the _id that they had, or would
have had. The archive that is read does not change.

--output writes a file that is complete or not there. --into needs the running hub, and is in the audit trail. It may be
interrupted, and run again, with other times as well: what one version of a pipeline has restored into a log type is not restored
into it a second time; another version of the pipeline is another restore. Into the log type that is read, documents go to the
outputs that know their _id, and the archive, which has these lines, passes over them. A line that the pipeline cannot read goes
to the log type errors, as ever.

Examples:
  tributary-hub archive restore shop/app --pipeline app --since 2h --host web1 | jq .
  tributary-hub archive restore shop/app --pipeline app --output app.ndjson
  tributary-hub archive restore shop/app --pipeline app --since 2026-11-01 --until 2026-11-08 --into app_parsed
  tributary-hub archive restore shop/errors --pipeline app --since 2026-11-21T10:00:00Z --into app`;
