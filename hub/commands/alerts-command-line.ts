/** The commands `alerts …`, as they are typed. */
import type { Command } from 'commander';
import type { CommandLineParts } from './access-command-line.ts';

interface JsonFlag {
  readonly json: boolean;
}

export interface SilenceFlags extends JsonFlag {
  readonly node: string;
  readonly finding: string;
  readonly tenant?: string;
  readonly from?: string;
  readonly for: string;
  readonly note: string;
}

export interface AckFlags extends JsonFlag {
  readonly for?: string;
  readonly note?: string;
  readonly end: boolean;
}

export function addAlertCommands(program: Command, parts: CommandLineParts): void {
  const alerts = program
    .command('alerts')
    .description('what is wrong now, who is told of it, and what keeps people from being told')
    .helpCommand(false)
    .addHelpText('after', helpText);
  const add = (command: Command): Command => command.addOption(parts.configOption()).option('--json', 'print JSON', false);
  addList(add(alerts.command('list')), parts);
  addSilence(add(alerts.command('silence')), parts);
  addUnsilence(add(alerts.command('unsilence')), parts);
  addAck(add(alerts.command('ack')), parts);
  addTest(add(alerts.command('test')), parts);
}

function addList(list: Command, { host, finish, configOf }: CommandLineParts): void {
  list
    .description('findings that stand, with what is silenced or acknowledged, and the receivers')
    .action(async (flags: JsonFlag) => {
      const { alertsListCommand } = await import('./alerts.ts');
      finish(await alertsListCommand({ ...flags, ...configOf(list) }, host));
    });
}

function addSilence(silence: Command, { host, finish, configOf }: CommandLineParts): void {
  silence
    .description('have nobody told of what fits, for a time')
    .requiredOption('--for <time>', 'how long: 30m, 2h, 7d')
    .requiredOption('--note <why>', 'for those who ask')
    .option('--from <time>', 'when it begins, such as 2026-11-23T22:00+01:00: at once unless given')
    .option('--node <pattern>', 'such as agent/* or channel/shop/*', '*')
    .option('--finding <kind>', 'such as agent-silent', '*')
    .option('--tenant <tenant>', 'only what belongs to it')
    .action(async (flags: SilenceFlags) => {
      const { alertsSilenceCommand } = await import('./alerts.ts');
      finish(await alertsSilenceCommand({ ...flags, ...configOf(silence) }, host));
    });
}

function addUnsilence(unsilence: Command, { host, finish, configOf }: CommandLineParts): void {
  unsilence
    .description('end a silence')
    .argument('<id>', 'as alerts list shows it')
    .action(async (id: string, flags: JsonFlag) => {
      const { alertsUnsilenceCommand } = await import('./alerts.ts');
      finish(await alertsUnsilenceCommand({ id, ...flags, ...configOf(unsilence) }, host));
    });
}

function addAck(ack: Command, { host, finish, configOf }: CommandLineParts): void {
  ack
    .description('say that somebody knows of a finding: it is not repeated, and told again only where it gets worse')
    .argument('<node>', 'as alerts list shows it')
    .argument('<finding>', 'its kind')
    .option('--note <why>', 'for those who ask')
    .option('--for <time>', 'until it is gone unless given')
    .option('--end', 'nobody knows of it any more', false)
    .action(async (node: string, finding: string, flags: AckFlags) => {
      const { alertsAckCommand } = await import('./alerts.ts');
      finish(await alertsAckCommand({ node, finding, ...flags, ...configOf(ack) }, host));
    });
}

function addTest(test: Command, { host, finish, configOf }: CommandLineParts): void {
  test
    .description('have a receiver told that nothing is wrong')
    .argument('<receiver>', 'its name in the configuration')
    .action(async (receiver: string, flags: JsonFlag) => {
      const { alertsTestCommand } = await import('./alerts.ts');
      finish(await alertsTestCommand({ receiver, ...flags, ...configOf(test) }, host));
    });
}

const helpText = `
Examples:
  tributary-hub alerts list
  tributary-hub alerts silence --node 'agent/*' --for 2h --note 'new kernels'
  tributary-hub alerts silence --from '2026-11-23T22:00+01:00' --for 4h --note 'they move the racks'
  tributary-hub alerts ack output/elastic elasticsearch-away --note 'they know'
  tributary-hub alerts test operators`;
