#!/usr/bin/env node
/** The command line of tributary-hub: the only file that touches the process itself. */
import { resolve } from 'node:path';
import { productVersion } from '@tributary/shared/build-info.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { guardOutput } from '@tributary/shared/std-output.ts';
import { Command, CommanderError, Option } from 'commander';
import { addAccessCommands } from './commands/access-command-line.ts';
import { addAlertCommands } from './commands/alerts-command-line.ts';
import { addDlqCommands } from './commands/dlq-command-line.ts';
import { addHousekeeping } from './commands/housekeeping-command-line.ts';
import { addEnroll } from './commands/enroll-command-line.ts';
import { addEsCommands } from './commands/es-command-line.ts';
import { addFlowCommands } from './commands/flow-command-line.ts';
import { addPipelineCommands } from './commands/pipeline-command-line.ts';
import { type CommandHost, type ExitCode, exitCode } from './commands/exit.ts';
import type { InitOptions } from './commands/init.ts';
import type { ConfigRequest } from './commands/load-config.ts';
import { addReindex, addVerify } from './commands/archive-command-line.ts';
import { addRestore } from './commands/restore-command-line.ts';
import { limitBacktracking } from './outputs/archive/search/matcher.ts';

const configDefault = '/etc/tributary/hub.yaml';
const dataDirDefault = '/var/lib/tributary/hub';
/** After the last thing was done, whatever still keeps the event loop alive gets this long. */
const exitDeadlineMs = 3000;
/** A hub whose store does not answer cannot end its steps: it ends without, which is as safe as a kill. */
const stopDeadlineMs = 30_000;

const stop = new AbortController();
const host: CommandHost = {
  env: process.env,
  stop: stop.signal,
  out: writeOut,
  isTerminal: process.stdout.isTTY,
  err: (text) => void process.stderr.write(text),
};

guardOutput(process.stdout, process.stderr, (code) => process.exit(code));

process.exitCode = await main(process.argv);
setTimeout(() => process.exit(), exitDeadlineMs).unref();

async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCode.done;
  try {
    limitBacktracking();
    armCrashPoint(host.env['TRIBUTARY_CRASH_POINT']);
    const program = commandLine((result) => {
      code = result;
    });
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    return exitCodeOf(error);
  }
}

/** Never settles when the write fails: the guard ends the program then. */
function writeOut(bytes: string | Uint8Array): Promise<void> {
  return new Promise((done) => {
    process.stdout.write(bytes, (error) => {
      if (error === null || error === undefined) done();
    });
  });
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  host.err(code === 'CONFIG' ? `${message}\n` : `tributary-hub: ${message}\n`);
  if (host.env['TRIBUTARY_STACK'] !== undefined && error instanceof Error) host.err(`${error.stack ?? ''}\n`);
  return code === 'CONFIG' || code === 'USAGE' ? exitCode.usage : exitCode.failed;
}

/** The first signal lets what was received be acked and the steps under way end; a second one ends at once, which is as safe. */
function handleSignals(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(exitCode.failed);
      stop.abort(new Error(`stopped by ${signal}`));
      setTimeout(() => {
        host.err(
          `tributary-hub: not stopped within ${stopDeadlineMs / 1000} s, as its store does not answer: it ends now, and loses nothing\n`,
        );
        process.exit(exitCode.failed);
      }, stopDeadlineMs).unref();
    });
  }
  // Else it would end the hub, from the first moment on; once it runs the command reads the configuration again.
  process.on('SIGHUP', () => undefined);
}

function commandLine(finish: (code: ExitCode) => void): Command {
  const program = new Command('tributary-hub')
    .description('Receives what Tributary agents ship, keeps it durably, archives it, and searches the archive.')
    .version(productVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('(tributary-hub --help tells more)')
    .addHelpText('after', helpText);
  addInit(program.command('init'), finish);
  addAccessCommands(program, { host, finish, configOption, configOf });
  addFlowCommands(program, { host, finish, configOption, configOf });
  addDlqCommands(program, { host, finish, configOption, configOf });
  addAlertCommands(program, { host, finish, configOption, configOf });
  addHousekeeping(program, { host, finish, configOption, configOf });
  addPipelineCommands(program, { host, finish, configOption, configOf });
  addEsCommands(program, { host, finish, configOption, configOf });
  addEnroll(program, { host, finish, configOption, configOf });
  const run = program.command('run');
  run
    .description('receive, process and archive until told to stop (SIGTERM, SIGINT); SIGHUP has the configuration read again')
    .addOption(configOption())
    .action(async () => {
      handleSignals();
      const { runCommand } = await import('./commands/run.ts');
      const crashPoint = host.env['TRIBUTARY_CRASH_POINT'];
      finish(await runCommand({ ...configOf(run), crashPoint, onHangup }, host));
    });
  const check = program.command('check');
  check
    .description('check the configuration; changes nothing')
    .addOption(configOption())
    .option('--json', 'print JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const { checkCommand } = await import('./commands/check.ts');
      finish(await checkCommand({ ...configOf(check), json }, host));
    });
  const status = program.command('status');
  status
    .description('ask the running hub how it is; exits 3 while it cannot take anything in')
    .addOption(configOption())
    .option('--json', 'print JSON', false)
    .option('--ready', 'only whether its listeners take data now, within a second: for what places an address', false)
    .action(async ({ json, ready }: { json: boolean; ready: boolean }) => {
      if (ready) {
        const { readyCommand } = await import('./commands/ready.ts');
        return finish(await readyCommand({ ...configOf(status), json }, host));
      }
      const { statusCommand } = await import('./commands/status.ts');
      finish(await statusCommand({ ...configOf(status), json }, host));
    });
  const archive = program.command('archive').description('what was archived').helpCommand(false);
  addSearch(archive.command('search'), finish);
  addRestore(archive.command('restore'), { host, finish, configOption, configOf });
  addVerify(archive.command('verify'), { host, finish, configOption, configOf });
  addReindex(archive.command('reindex'), { host, finish, configOption, configOf });
  return program;
}

function addInit(init: Command, finish: (code: ExitCode) => void): void {
  init
    .description(
      'make a new site: authority, certificate, configuration, administrator, first enrolment token; overwrites nothing',
    )
    .requiredOption('--name <site>', 'name of the site, for people')
    .requiredOption('--address <host...>', 'where agents reach this hub: names or addresses, with :port where it is not 7701')
    .addOption(new Option('-c, --config <file>', 'the configuration file that is made').default(configDefault))
    .option('--data-dir <folder>', 'where the hub keeps everything', dataDirDefault)
    .option(
      '--listen <host:port>',
      "where the agents' listener is bound; 0.0.0.0, or [::] with an IPv6 address, at the port of --address",
    )
    .option('--listen-http <host:port>', 'where the HTTP API is bound; port 7700 of the same host unless given')
    .option(
      '--redis <url-or-file>',
      'for several hubs: the Redis that they share, redis://host:port or rediss://, or a file with the options of queue.redis',
    )
    .option('--authority <folder>', 'one more hub of a site: pki/ of another hub of it, with ca.crt and ca.key')
    .option('--json', 'print JSON', false)
    .action(async (given: Omit<InitOptions, 'configFile'>) => {
      const { initCommand } = await import('./commands/init.ts');
      finish(await initCommand({ ...given, configFile: configOf(init).configFile }, host));
    });
}

interface SearchFlags {
  readonly dataDir?: string;
  readonly regex?: string;
  readonly ignoreCase: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly tenant?: string;
  readonly type?: string;
  readonly host?: string;
  readonly json: boolean;
  readonly count: boolean;
  readonly limit?: string;
  readonly summary: boolean;
}

function addSearch(search: Command, finish: (code: ExitCode) => void): void {
  search
    .description('print the archived records that match, in the order in which they were received, byte for byte')
    .showHelpAfterError("(a pattern that begins with a dash stands last, after --: archive search --count -- '-1')")
    .addHelpText('after', searchHelpText)
    .argument('[pattern]', 'text that the record contains; without it every record matches')
    .addOption(configOption())
    .option('--data-dir <folder>', "the hub's data folder, instead of the configuration; its archive is in it")
    .addOption(new Option('--literal', 'the pattern is a literal (the default)').conflicts('regex'))
    .option('--regex <expression>', 'a JavaScript regular expression, matched against the record without its line end')
    .option('-i, --ignore-case', 'upper and lower case are the same', false)
    .option('--since <time>', 'received at or after: 2026-11-21, 2026-11-21T10:00:00Z (UTC unless it says otherwise), or 15m ago')
    .option('--until <time>', 'received before')
    .option('--tenant <tenant>', 'only records of this tenant')
    .option('--type <type>', 'only records of this log type')
    .option('--host <host>', 'only records of this machine')
    .option('--json', 'print a JSON object a line', false)
    .option('--count', 'print only how many match', false)
    .option('--limit <records>', 'stop after so many')
    .option('--no-summary', 'do not tell at the end what was read (standard error)')
    .action(async (literal: string | undefined, given: SearchFlags) => {
      const { archiveSearchCommand } = await import('./commands/archive-search.ts');
      finish(await archiveSearchCommand({ ...given, literal, ...configOf(search) }, host));
    });
}

function configOption(): Option {
  return new Option('-c, --config <file>', 'configuration file; without one at its usual place the defaults are used').default(
    configDefault,
  );
}

function configOf(command: Command): ConfigRequest {
  const { config } = command.opts<{ config: string }>();
  return { configFile: resolve(config), configGiven: command.getOptionValueSource('config') === 'cli' };
}

function onHangup(hungUp: () => void): void {
  process.on('SIGHUP', hungUp);
}

function searchHelpText(): string {
  return `
Records are bytes. A pattern is compared as UTF-8; a regular expression sees bytes that are not UTF-8 as U+FFFD. A line that was
longer than the agent's max_line_bytes is archived in pieces, each a record: text that lies across a cut is not found.
On a terminal, characters that it would obey are shown by their numbers (\\x1b); a file or a pipe gets the bytes as they were.
A pattern that begins with a dash stands last, after --:
  tributary-hub archive search --count -- '-1'`;
}

function helpText(): string {
  return `
Examples:
  tributary-hub init --name berlin --address hub.example.com
  tributary-hub check --config /etc/tributary/hub.yaml
  tributary-hub run
  tributary-hub status --json
  tributary-hub try nginx /var/log/nginx/access.log --limit 3
  tributary-hub test /etc/tributary/pipelines
  tributary-hub es setup --diff
  tributary-hub archive search 'connection refused' --since 2h --type nginx
  tributary-hub archive search --regex 'status=5\\d\\d' --host web1 --json --limit 100

A configuration:
  data_dir: /var/lib/tributary/hub
  listeners: { agents: { address: '127.0.0.1:7701' } }
  outputs:
    - { kind: archive, roll_interval: 60s }

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 running but not ready.`;
}
