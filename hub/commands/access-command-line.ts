/** The commands `token`, `agent` and `user`, as they are typed. */
import type { Command, Option } from 'commander';
import type { CommandHost, ExitCode } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';

export interface CommandLineParts {
  readonly host: CommandHost;
  readonly finish: (code: ExitCode) => void;
  readonly configOption: () => Option;
  readonly configOf: (command: Command) => ConfigRequest;
}

interface JsonFlag {
  readonly json: boolean;
}

interface TokenFlags extends JsonFlag {
  readonly tenant: readonly string[];
  readonly label: readonly string[];
  readonly uses?: string;
  readonly ttl?: string;
  readonly hub: boolean;
  readonly site?: string;
  readonly address: readonly string[];
  readonly scope?: string;
  readonly note?: string;
}

interface RoleFlags extends JsonFlag {
  readonly role: string;
  readonly tenant?: string;
}

export function addAccessCommands(program: Command, parts: CommandLineParts): void {
  const token = program.command('token').description('tokens: what servers enrol with, and what programs use the HTTP API with');
  addTokenCommands(token.helpCommand(false), parts);
  const agent = program.command('agent').description('agents and hubs of lower sites that enrolled at this site');
  addAgentCommands(agent.helpCommand(false), parts);
  const user = program.command('user').description('people who sign in at this site');
  addUserCommands(user.helpCommand(false), parts);
}

function addTokenCommands(token: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const create = prepared(token.command('create'), parts);
  create
    .description('make a token and print it, which is the only time that it is shown')
    .option('--tenant <tenant>', "whose it is; '*' for all, or several times, where that is allowed", collect, [])
    .option('--label <name=value>', 'given to every machine that enrols with it; several times', collect, [])
    .option('--uses <number>', 'machines that may enrol with it (1 unless given)')
    .option('--ttl <duration>', 'good for so long: 30m, 24h, 90d (24h for enrolment, without end for the HTTP API, unless given)')
    .option('--hub', "for the hub of a lower site, which forwards these tenants; --tenant '*' or several", false)
    .option('--site <id>', 'with --hub: for this lower site only; needed for its second hub and further ones')
    .option('--address <host:port>', 'where the machine reaches this site, instead of advertise; several times', collect, [])
    .option('--scope <scope>', 'for the HTTP API: read, write (push only) or admin')
    .option('--note <text>', 'for the HTTP API: what it is for')
    .addHelpText('after', tokenHelpText)
    .action(async (flags: TokenFlags) => {
      const { tokenCreateCommand } = await import('./token-create.ts');
      finish(await tokenCreateCommand({ ...flags, ...configOf(create) }, host));
    });
  const list = prepared(token.command('list'), parts);
  list.description('all tokens, without their secrets').action(async (flags: JsonFlag) => {
    const { tokenListCommand } = await import('./token-list.ts');
    finish(await tokenListCommand({ ...flags, ...configOf(list) }, host));
  });
  const revoke = prepared(token.command('revoke'), parts);
  revoke
    .description('make tokens worthless, from the next moment on')
    .argument('<id...>', 'as token list shows it')
    .action(async (ids: readonly string[], flags: JsonFlag) => {
      const { tokenRevokeCommand } = await import('./token-list.ts');
      finish(await tokenRevokeCommand({ ids, ...flags, ...configOf(revoke) }, host));
    });
}

function addAgentCommands(agent: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const list = prepared(agent.command('list'), parts);
  list.description('all that enrolled').action(async (flags: JsonFlag) => {
    const { agentListCommand } = await import('./agent.ts');
    finish(await agentListCommand({ ...flags, ...configOf(list) }, host));
  });
  const revoke = prepared(agent.command('revoke'), parts);
  revoke
    .description('cut agents off, within seconds and for good: such a machine comes back only as a new agent')
    .argument('<id...>', 'id, beginning of an id, or name of the machine')
    .action(async (names: readonly string[], flags: JsonFlag) => {
      const { agentRevokeCommand } = await import('./agent.ts');
      finish(await agentRevokeCommand({ names, ...flags, ...configOf(revoke) }, host));
    });
  const forget = prepared(agent.command('forget'), parts);
  forget
    .description(forgetDescription)
    .argument('<id...>', 'id, beginning of an id, or name of the machine')
    .action(async (names: readonly string[], flags: JsonFlag) => {
      const { agentForgetCommand } = await import('./agent.ts');
      finish(await agentForgetCommand({ names, ...flags, ...configOf(forget) }, host));
    });
}

const forgetDescription =
  'take agents out of the list as if they had never been here: those that the own authority signed have to enrol again, ' +
  'those of another authority are let in as they come next';

function addUserCommands(user: Command, parts: CommandLineParts): void {
  const { host, finish, configOf } = parts;
  const list = prepared(user.command('list'), parts);
  list.description('all users, without their passwords').action(async (flags: JsonFlag) => {
    const { userListCommand } = await import('./user.ts');
    finish(await userListCommand({ ...flags, ...configOf(list) }, host));
  });
  for (const [verb, description, roles] of [
    ['add', 'add a user and print a one-time password', 'viewer, operator or admin'],
    ['grant', 'give a user a role, instead of the one for that tenant', 'viewer, operator, admin or none'],
  ] as const) {
    const command = prepared(user.command(verb), parts);
    command
      .description(description)
      .argument('<name>')
      .requiredOption('--role <role>', roles)
      .option('--tenant <tenant>', "where; '*', every tenant and the site itself, unless given")
      .action(async (name: string, flags: RoleFlags) => {
        const { userAddCommand, userGrantCommand } = await import('./user.ts');
        const run = verb === 'add' ? userAddCommand : userGrantCommand;
        finish(await run({ name, ...flags, ...configOf(command) }, host));
      });
  }
  for (const [verb, description] of [
    ['password', 'give a user a new one-time password, and end all sessions'],
    ['disable', 'let a user sign in no more, and end all sessions'],
    ['enable', 'let a user sign in again'],
    ['remove', 'remove a user, and end all sessions'],
  ] as const) {
    const command = prepared(user.command(verb), parts);
    command
      .description(description)
      .argument('<name>')
      .action(async (name: string, flags: JsonFlag) => {
        const { userDisableCommand, userPasswordCommand, userRemoveCommand } = await import('./user.ts');
        const request = { name, ...flags, ...configOf(command) };
        if (verb === 'password') finish(await userPasswordCommand(request, host));
        else if (verb === 'remove') finish(await userRemoveCommand(request, host));
        else finish(await userDisableCommand({ ...request, disabled: verb === 'disable' }, host));
      });
  }
}

function prepared(command: Command, { configOption }: CommandLineParts): Command {
  return command.addOption(configOption()).option('--json', 'print JSON', false);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

const tokenHelpText = `
Examples:
  tributary-hub token create --tenant shop --label rack=7 --uses 20 --ttl 8h
  tributary-hub token create --hub --tenant shop --tenant bank --address hub.example.com:7701
  tributary-hub token create --scope write --tenant shop --note 'the old billing system'`;
