/** The commands `channel` and `output`, as they are typed. */
import type { Command } from 'commander';
import type { CommandLineParts } from './access-command-line.ts';

interface JsonFlag {
  readonly json: boolean;
}

interface GroupFlags extends JsonFlag {
  readonly group: string;
  readonly partition?: string;
}

export function addFlowCommands(program: Command, parts: CommandLineParts): void {
  const channel = program
    .command('channel')
    .description('how the data of a tenant and log type flows: who reads it, how far, and what to do by hand')
    .helpCommand(false)
    .addHelpText('after', channelHelpText);
  addChannelList(channel, parts);
  addPause(channel, parts);
  addSeek(channel, parts);
  addSkip(channel, parts);
  const output = program.command('output').description('where records go, and what is kept for outputs that are gone');
  addOutputs(output.helpCommand(false), parts);
}

function addChannelList(channel: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const list = prepared(channel.command('list'), parts);
  list
    .description('channels with their reader groups: where each is, what waits for it and since when')
    .argument('[tenant/type]', 'only this one')
    .action(async (name: string | undefined, flags: JsonFlag) => {
      const { channelListCommand } = await import('./channel.ts');
      finish(await channelListCommand({ channel: name, ...flags, ...configOf(list) }, host));
    });
}

function addPause(channel: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  for (const [verb, description] of [
    ['pause', 'have a group read no more, at any hub of the site; what comes in is kept until the topic is full'],
    ['resume', 'have it go on where it was'],
  ] as const) {
    const command = prepared(channel.command(verb), parts);
    command
      .description(description)
      .argument('<tenant/type>')
      .option('--group <group>', 'only this one; all that read the log type as it came (pipeline, upstreams) unless given')
      .action(async (name: string, flags: JsonFlag & { readonly group?: string }) => {
        const { channelPauseCommand } = await import('./channel.ts');
        finish(await channelPauseCommand({ channel: name, paused: verb === 'pause', ...flags, ...configOf(command) }, host));
      });
  }
}

function addSeek(channel: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const command = prepared(channel.command('seek'), parts);
  command
    .description('have a group go on at another place; forward it skips records for good, and asks before it does')
    .argument('<tenant/type>')
    .requiredOption('--group <group>', 'as channel list shows it')
    .requiredOption('--to <place>', 'earliest, latest, the number of an entry, or a time: 2026-11-21T10:00:00Z, or 2h ago')
    .option('--partition <number>', 'only this one, where a hub cluster has several')
    .option('--yes', 'records may be skipped', false)
    .action(async (name: string, flags: GroupFlags & { readonly to: string; readonly yes: boolean }) => {
      const { channelSeekCommand } = await import('./channel.ts');
      finish(await channelSeekCommand({ channel: name, ...flags, ...configOf(command) }, host));
    });
}

function addSkip(channel: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const command = prepared(channel.command('skip'), parts);
  command
    .description('put the next entries of a group aside, as dead letters with the reason, and go on behind them')
    .argument('<tenant/type>')
    .requiredOption('--group <group>', 'as channel list shows it')
    .option('--count <entries>', 'so many (1 unless given)')
    .option('--partition <number>', 'only this one, where a hub cluster has several')
    .action(async (name: string, flags: GroupFlags & { readonly count?: string }) => {
      const { channelSkipCommand } = await import('./channel.ts');
      finish(await channelSkipCommand({ channel: name, ...flags, ...configOf(command) }, host));
    });
}

function addOutputs(output: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const list = prepared(output.command('list'), parts);
  list.description('the outputs of this hub, and those that are gone and still kept for').action(async (flags: JsonFlag) => {
    const { outputListCommand } = await import('./output.ts');
    finish(await outputListCommand({ ...flags, ...configOf(list) }, host));
  });
  const forget = prepared(output.command('forget'), parts);
  forget
    .description('keep nothing any more for an output that was taken out of the configuration')
    .argument('<name>', 'as output list shows it')
    .action(async (name: string, flags: JsonFlag) => {
      const { outputForgetCommand } = await import('./output.ts');
      finish(await outputForgetCommand({ name, ...flags, ...configOf(forget) }, host));
    });
}

function prepared(command: Command, { configOption }: CommandLineParts): Command {
  return command.addOption(configOption()).option('--json', 'print JSON', false);
}

const channelHelpText = `
Groups: pipeline makes documents of what came in, archive writes them, upstream:NAME passes on what came in.
Each is done by the running hub, holds for all hubs of the site, and is in the audit trail.

Examples:
  tributary-hub channel list
  tributary-hub channel pause shop/nginx
  tributary-hub channel pause shop/nginx --group upstream:centre
  tributary-hub channel seek shop/nginx --group upstream:centre --to 2h
  tributary-hub channel skip shop/nginx --group pipeline --count 1`;
