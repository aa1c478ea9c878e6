/** The command `dlq`, as it is typed. */
import type { Command } from 'commander';
import type { LetterFilter } from '../dead-letters/letter-filter.ts';
import type { CommandLineParts } from './access-command-line.ts';

interface FilterFlags {
  readonly json: boolean;
  readonly output?: string;
  readonly tenant?: string;
  readonly type?: string;
  readonly error?: string;
  readonly since?: string;
  readonly id?: string;
}

interface WorkFlags extends FilterFlags {
  readonly entries: boolean;
  readonly entry: readonly string[];
  readonly yes?: boolean;
}

export function addDlqCommands(program: Command, parts: CommandLineParts): void {
  const dlq = program
    .command('dlq')
    .description('dead letters: documents that a destination refused for good, and entries that a reader could not process')
    .helpCommand(false)
    .addHelpText('after', helpText);
  addLooks(dlq, parts);
  addWork(dlq, parts);
  addJob(dlq, parts);
}

function addLooks(dlq: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const list = filtered(dlq.command('list'), parts);
  list.description('how many there are, by channel, output and error').action(async (flags: FilterFlags) => {
    const { dlqListCommand } = await import('./dlq.ts');
    finish(await dlqListCommand({ json: flags.json, filter: filterOf(flags), ...configOf(list) }, host));
  });
  const show = filtered(dlq.command('show'), parts);
  show
    .description('documents as they were sent, each with the reason')
    .option('--limit <number>', 'so many at most (20 unless given, 1000 at most)')
    .action(async (flags: FilterFlags & { readonly limit?: string }) => {
      const { dlqShowCommand } = await import('./dlq.ts');
      finish(await dlqShowCommand({ json: flags.json, limit: flags.limit, filter: filterOf(flags), ...configOf(show) }, host));
    });
}

function addWork(dlq: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const descriptions = {
    replay: 'send documents again under their ids; what is refused again stays',
    drop: 'let them go for good; asks before it does',
  } as const;
  for (const verb of ['replay', 'drop'] as const) {
    const command = filtered(dlq.command(verb), parts);
    if (verb === 'drop') command.option('--yes', 'they may be lost', false);
    command
      .description(descriptions[verb])
      .option('--entries', `${verb} entries that were set aside, in place of documents`, false)
      .option(
        '--entry <id>',
        'this entry, as dlq list shows it; several times',
        (id: string, before: readonly string[]) => [...before, id],
        [],
      )
      .action(async (flags: WorkFlags) => {
        const { dlqEntriesCommand, dlqWorkCommand } = await import('./dlq.ts');
        const { json, entries, entry: ids, yes = false } = flags;
        const request = { verb, json, yes, filter: filterOf(flags), ...configOf(command) };
        finish(await (entries || ids.length > 0 ? dlqEntriesCommand({ ...request, ids }, host) : dlqWorkCommand(request, host)));
      });
  }
}

function addJob(dlq: Command, parts: CommandLineParts): void {
  const { host, finish, configOf, configOption } = parts;
  for (const [verb, description] of [
    ['status', 'how far the replay or drop is that this hub does, or did last'],
    ['stop', 'end it; what it has done stays done'],
  ] as const) {
    const command = dlq.command(verb).addOption(configOption()).option('--json', 'print JSON', false);
    command.description(description).action(async ({ json }: { readonly json: boolean }) => {
      const { dlqJobCommand } = await import('./dlq.ts');
      finish(await dlqJobCommand({ verb, json, ...configOf(command) }, host));
    });
  }
}

function filtered(command: Command, { configOption }: CommandLineParts): Command {
  return command
    .addOption(configOption())
    .option('--output <name>', 'only what this output passed on')
    .option('--tenant <tenant>', 'only of this tenant')
    .option('--type <type>', 'only of this log type')
    .option('--error <text>', "only with this error: the server's name of it, or words of its reason")
    .option('--since <time>', 'only what was refused then or later: 2026-11-21T10:00:00Z, or 2h ago')
    .option('--id <id>', 'only the document of this id')
    .option('--json', 'print JSON', false);
}

function filterOf({ output, tenant, type, error, since, id }: FilterFlags): LetterFilter {
  return {
    ...(output !== undefined && { output }),
    ...(tenant !== undefined && { tenant }),
    ...(type !== undefined && { type }),
    ...(error !== undefined && { error }),
    ...(since !== undefined && { since }),
    ...(id !== undefined && { id }),
  };
}

const helpText = `
Each is done by the running hub and is in the audit trail. A replay or a drop goes on in the hub when the command is ended.

Examples:
  tributary-hub dlq list
  tributary-hub dlq show --type nginx --error document_parsing_exception --limit 3
  tributary-hub dlq replay --output elasticsearch --type nginx
  tributary-hub dlq drop --type debug --since 2h
  tributary-hub dlq replay --entry 0.4`;
