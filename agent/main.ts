#!/usr/bin/env node
/** The command line of tributary-agent: the only file that touches the process itself. */
import { resolve } from 'node:path';
import { productVersion } from '@tributary/shared/build-info.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { guardOutput } from '@tributary/shared/std-output.ts';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type CommandHost, type ExitCode, exitCode } from './commands/exit.ts';

const configDefault = '/etc/tributary/agent.yaml';
/** After the last thing was done, whatever still keeps the event loop alive gets this long. */
const exitDeadlineMs = 3000;

const stop = new AbortController();
const host: CommandHost = {
  env: process.env,
  cwd: process.cwd(),
  isTerminal: process.stderr.isTTY,
  stop: stop.signal,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

guardOutput(process.stdout, process.stderr, (code) => process.exit(code));

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // Safe at any moment: what is not stored is read again, what is not acknowledged is sent again.
    if (stop.signal.aborted) process.exit(exitCode.failed);
    stop.abort(new Error(`stopped by ${signal}`));
  });
}

process.exitCode = await main(process.argv);
setTimeout(() => process.exit(), exitDeadlineMs).unref();

async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCode.done;
  try {
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

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  if (stop.signal.aborted && error === stop.signal.reason) {
    host.err(`${stop.signal.reason instanceof Error ? stop.signal.reason.message : 'stopped'}\n`);
    return exitCode.failed;
  }
  const message = error instanceof Error ? error.message : String(error);
  const isConfig = error instanceof Error && 'code' in error && error.code === 'CONFIG';
  host.err(isConfig ? `${message}\n` : `tributary-agent: ${message}\n`);
  if (host.env['TRIBUTARY_STACK'] !== undefined && error instanceof Error) host.err(`${error.stack ?? ''}\n`);
  return isConfig ? exitCode.usage : exitCode.failed;
}

function onReload(reload: () => void): void {
  process.on('SIGHUP', reload);
}

function commandLine(finish: (code: ExitCode) => void): Command {
  const program = new Command('tributary-agent')
    .description('Reads the logs of this machine and ships each line to a Tributary hub, exactly once.')
    .version(productVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('(tributary-agent --help tells more)')
    .addHelpText('after', helpText);
  program
    .command('run')
    .description('read, buffer and ship until told to stop (SIGTERM, SIGINT); SIGHUP reads the configuration again')
    .addOption(configOption())
    .action(async (given: { config: string }) => {
      const { runCommand } = await import('./commands/run.ts');
      const crashPoint = host.env['TRIBUTARY_CRASH_POINT'];
      finish(await runCommand({ configFile: resolve(given.config), crashPoint, onReload }, host));
    });
  program
    .command('check')
    .description('check the configuration and tell what each input would read now; changes nothing')
    .addOption(configOption())
    .option('--explain', 'tell of each file what it is read as and from where, and why others are left out', false)
    .option('--json', 'print JSON', false)
    .action(async (given: { config: string; explain: boolean; json: boolean }) => {
      const { checkCommand } = await import('./commands/check.ts');
      finish(await checkCommand({ ...given, configFile: resolve(given.config) }, host));
    });
  program
    .command('rotate')
    .description('have the running agent rotate groups now; exits 1 when a file could not be')
    .argument('[group...]', 'names of groups; without one, all of them')
    .addOption(configOption())
    .option('--json', 'print JSON', false)
    .action(async (groups: string[], given: { config: string; json: boolean }) => {
      const { rotateCommand } = await import('./commands/rotate.ts');
      finish(await rotateCommand({ configFile: resolve(given.config), groups, json: given.json }, host));
    });
  addEnroll(program, finish);
  addLooks(program, finish);
  addBuffer(program, finish);
  addShip(program, finish);
  return program;
}

interface EnrollFlags {
  readonly config: string;
  readonly dataDir?: string;
  readonly tokenFile?: string;
  readonly proxy?: string;
  readonly renew: boolean;
  readonly ship: boolean;
  readonly json: boolean;
}

function addEnroll(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command('enroll')
    .description('make this machine an agent of the site that a token is of: certificate, configuration, and a look at the hub')
    .argument('[token]', 'as `tributary-hub token create` prints it; - reads it from standard input')
    .addOption(configOption())
    .option('--token-file <file>', 'read the token from FILE, so that no list of processes shows it')
    .option('--data-dir <folder>', 'folder of identity and buffer, for a new configuration')
    .option('--proxy <url>', 'HTTP proxy on the way to the hubs, for a new configuration')
    .option('--renew', 'become another agent: for a copy of a machine. What waits in the buffer is kept', false)
    .option('--ship', 'enroll what `ship` runs as; it has an identity of its own, and needs no configuration', false)
    .option('--json', 'print JSON', false)
    .action(async (token: string | undefined, given: EnrollFlags) => {
      const { enrollCommand } = await import('./commands/enroll.ts');
      const { config, dataDir: folder, tokenFile, proxy, renew, ship, json } = given;
      const place = { configFile: resolve(config), dataDir: folder === undefined ? undefined : resolve(folder) };
      finish(await enrollCommand({ ...place, token, tokenFile, proxy, renew, ship, json, input: process.stdin }, host));
    });
}

interface StatusFlags {
  readonly config: string;
  readonly json: boolean;
  readonly ready: boolean;
  readonly all: boolean;
}

interface TapFlags {
  readonly config: string;
  readonly json: boolean;
  readonly input?: string;
  readonly type?: string;
  readonly path?: string;
  readonly rate?: string;
  readonly count?: number;
}

/** Commands that look at the running agent. */
function addLooks(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command('status')
    .description('ask the running agent how it is; exits 3 while it has no connection to a hub')
    .addOption(configOption())
    .option('--json', 'print JSON', false)
    .option('--ready', 'tell only whether senders may be given what listens here: exits 0 if so, 3 if not', false)
    .option('--all', 'show every source, not only those that are furthest behind', false)
    .addHelpText('after', readyHelpText())
    .action(async (given: StatusFlags) => {
      const { statusCommand } = await import('./commands/status.ts');
      finish(await statusCommand({ ...given, configFile: resolve(given.config) }, host));
    });
  program
    .command('tap')
    .description('show what the running agent reads, as it is shipped, until interrupted')
    .addOption(configOption())
    .option('--input <name>', 'only of this input, as `status` names it')
    .option('--type <type>', 'only of this log type')
    .option('--path <glob>', 'only of sources whose path matches')
    .option('--rate <records>', 'records a second at most (1 to 10000); the rest is only counted', '100')
    .option('--count <records>', 'end after so many records', wholeNumber)
    .option('--json', 'print a JSON object a line', false)
    .action(async (given: TapFlags) => {
      const { tapCommand } = await import('./commands/tap.ts');
      finish(await tapCommand({ ...given, configFile: resolve(given.config) }, host));
    });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 on.');
  return Number(text);
}

function readyHelpText(): string {
  return `
Ready is an agent that runs, listens at every address that its inputs are to listen at, and takes what comes:
its buffer has room, or each input that listens has an overflow of drop_newest or drop_oldest. Whether a hub can be reached does not
matter: until then the buffer holds what came.`;
}

interface BufferFlags {
  readonly config: string;
  readonly dataDir?: string;
  readonly json: boolean;
}

function dataDir(): Option {
  return new Option('--data-dir <folder>', 'the buffer in FOLDER, instead of the data_dir of the configuration');
}

function placeOf({ config, dataDir: folder }: BufferFlags): { configFile: string; dataDir: string | undefined } {
  return { configFile: resolve(config), dataDir: folder === undefined ? undefined : resolve(folder) };
}

/** Resolves when whoever reads the output took it. */
function write(bytes: Uint8Array): Promise<void> {
  return new Promise((taken) => {
    process.stdout.write(bytes, () => taken());
  });
}

function addBuffer(program: Command, finish: (code: ExitCode) => void): void {
  const buffer = program.command('buffer').description('look at the buffer on disk, or bring back what was set aside');
  buffer
    .command('check')
    .description(
      'read all of it and say what is in it; exits 1 when something is wrong. Changes nothing, also beside a running agent',
    )
    .addOption(configOption())
    .addOption(dataDir())
    .option('--json', 'print JSON', false)
    .action(async (given: BufferFlags) => {
      const { bufferCheckCommand } = await import('./commands/buffer-check.ts');
      finish(await bufferCheckCommand({ ...placeOf(given), json: given.json }, host));
    });
  buffer
    .command('export')
    .description('print the records that wait for a hub, in their order. Changes nothing, also beside a running agent')
    .addOption(configOption())
    .addOption(dataDir())
    .option('--json', 'print a JSON object for each: stream, position, path, record', false)
    .option('--all', 'what was acknowledged and is kept for a while, too', false)
    .option('--out <file>', 'write to a file that is not there yet')
    .action(async (given: BufferFlags & { all: boolean; out?: string }) => {
      const { bufferExportCommand } = await import('./commands/buffer-export.ts');
      finish(await bufferExportCommand({ ...placeOf(given), json: given.json, all: given.all, out: given.out, write }, host));
    });
  buffer
    .command('salvage')
    .description('bring what no hub has from a buffer that was set aside into the buffer of the stopped agent')
    .argument('<file>', 'such as /var/lib/tributary/agent/buffer.db.damaged-20260131T120000Z')
    .addOption(configOption())
    .addOption(dataDir())
    .option('--json', 'print JSON', false)
    .action(async (file: string, given: BufferFlags) => {
      const { bufferSalvageCommand } = await import('./commands/buffer-salvage.ts');
      finish(await bufferSalvageCommand({ ...placeOf(given), file, json: given.json }, host));
    });
}

interface ShipFlags {
  readonly config: string;
  readonly until: 'acked' | 'archived';
  readonly hub?: string;
  readonly type: string;
  readonly dataDir?: string;
  readonly json: boolean;
}

function addShip(program: Command, finish: (code: ExitCode) => void): void {
  const ship = program.command('ship');
  ship
    .description('ship files to their ends, wait until the hub has them, print a line for each; the same files again add nothing')
    .argument('<file...>', 'files to ship')
    .addOption(configOption())
    .addOption(
      new Option('--until <state>', 'what to wait for: durable at the hub, or in its archive too')
        .choices(['acked', 'archived'])
        .default('acked'),
    )
    .option('--hub <url>', 'address of a hub, instead of those of the configuration; without either ws://127.0.0.1:7701')
    .option('--type <type>', 'log type of the lines', 'app')
    .option('--data-dir <folder>', 'keep identity and buffer under FOLDER/ship, instead of the data_dir of the configuration')
    .option('--json', 'print a JSON object a line', false)
    .addHelpText('after', shipHelpText())
    .action(async (files: string[], given: ShipFlags) => {
      const { shipCommand } = await import('./commands/ship.ts');
      const configGiven = ship.getOptionValueSource('config') === 'cli';
      const crashPoint = host.env['TRIBUTARY_CRASH_POINT'];
      finish(await shipCommand({ ...given, files, configFile: resolve(given.config), configGiven, crashPoint }, host));
    });
}

function configOption(): Option {
  return new Option('-c, --config <file>', 'configuration file').default(configDefault);
}

function shipHelpText(): string {
  return `
Files that are still written may be shipped: what they grow by is added the next time. A last line without a newline is waited
for; after a second of quiet it is taken for the end of the file. If the file goes on later after all, the rest of that line is a
record of its own: no byte is lost or sent twice.

A file is known by its device, inode and content: renamed or linked since it was shipped, it adds nothing. Another --type is
another stream: the whole file is sent again.`;
}

function helpText(): string {
  return `
Examples:
  tributary-agent enroll tributary1-…
  tributary-agent check --config /etc/tributary/agent.yaml
  tributary-agent run
  tributary-agent status --json
  tributary-agent tap --type nginx
  tributary-agent ship --hub ws://127.0.0.1:7701 --data-dir ~/.tributary --until archived /var/log/nginx/access.log

A configuration:
  hubs: ['wss://hub.example.com:7701']
  inputs:
    - { kind: file, paths: ['/var/log/nginx/*.log'], type: nginx }

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 running but not connected.`;
}
