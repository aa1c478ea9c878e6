/** The command `housekeeping`, as it is typed. */
import type { Command } from 'commander';
import type { CommandLineParts } from './access-command-line.ts';

export function addHousekeeping(program: Command, { host, finish, configOf, configOption }: CommandLineParts): void {
  const command = program.command('housekeeping');
  command
    .description('have go what is too old by the configuration, now instead of when the schedule is due')
    .addOption(configOption())
    .option('--dry-run', 'only tell what would go, and why', false)
    .option('--json', 'print JSON', false)
    .action(async ({ dryRun, json }: { readonly dryRun: boolean; readonly json: boolean }) => {
      const { housekeepingCommand } = await import('./housekeeping.ts');
      finish(await housekeepingCommand({ dryRun, json, ...configOf(command) }, host));
    });
}
