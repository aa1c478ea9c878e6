/** The commands `archive verify` and `archive reindex`, as they are typed. */
import type { Command } from 'commander';
import type { CommandLineParts } from './access-command-line.ts';
import type { ReindexOptions } from './archive-reindex.ts';
import type { VerifyOptions } from './archive-verify.ts';

export function addVerify(verify: Command, { host, finish, configOption, configOf }: CommandLineParts): void {
  verify
    .description('compare the archive with its index, manifests and chains; exits 1 when anything is missing, damaged or altered')
    .addOption(configOption())
    .option('--data-dir <folder>', "the hub's data folder, instead of the configuration; its archive is in it")
    .option('--tenant <tenant>', 'only what is of this tenant')
    .option('--type <type>', 'only what is of this log type')
    .option('--since <time>', 'read only objects with records received at or after: 2026-11-21, or 2d ago')
    .option('--until <time>', 'read only objects with records received before')
    .option('--quick', 'look at sizes, manifests and chains, and read no object', false)
    .option('--json', 'print JSON, with the link at the end of each day of each chain', false)
    .addHelpText('after', verifyHelpText)
    .action(async (flags: Omit<VerifyOptions, 'configFile' | 'configGiven'>) => {
      const { archiveVerifyCommand } = await import('./archive-verify.ts');
      finish(await archiveVerifyCommand({ ...flags, ...configOf(verify) }, host));
    });
}

export function addReindex(reindex: Command, { host, finish, configOption, configOf }: CommandLineParts): void {
  reindex
    .description('make the index again from what the archive holds, by the manifests beside the objects; the hub must run')
    .addOption(configOption())
    .option('--tenant <tenant>', 'only what is of this tenant')
    .option('--type <type>', 'only what is of this log type')
    .option('--dry-run', 'only say what would be added', false)
    .option('--json', 'print the sums as JSON', false)
    .action(async (flags: Omit<ReindexOptions, 'configFile' | 'configGiven'>) => {
      const { archiveReindexCommand } = await import('./archive-reindex.ts');
      finish(await archiveReindexCommand({ ...flags, ...configOf(reindex) }, host));
    });
}

const verifyHelpText = `
missing: the index, a manifest or a chain has it, and it is not there. damaged: other bytes than were written. altered: index, manifest
and chain do not say the same. unknown: it is there, and not in the index (archive reindex). unreadable: its key is not here.

Examples:
  tributary-hub archive verify --since 1d
  tributary-hub archive verify --tenant shop --quick --json`;
