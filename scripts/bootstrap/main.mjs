// The bootstrap, in order: know the command, bring Node 26 and pnpm, bring the packages, run the command with Node 26.
// When nothing changed since the last time, the two middle steps are a few file reads.

import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runCommand } from './child.mjs';
import { commands, describeSwallowedFlag } from './commands.mjs';
import { hasDependencies, installDependencies } from './dependencies.mjs';
import { startingFolder, withoutNpmSettings, withPath } from './environment.mjs';
import { BootstrapError, codeOf, explainSystemError, InterruptedError } from './failure.mjs';
import { acquireLock } from './lock.mjs';
import { withProgress } from './progress.mjs';
import { describeTools, hasTools, installTools, nodeVersion, pnpmVersion } from './tools.mjs';

const stoppingSignals = /** @type {const} */ (['SIGHUP', 'SIGINT', 'SIGTERM']);

/** @param {string[]} argv */
export async function main(argv) {
  try {
    process.exitCode = await bootstrap(argv);
  } catch (error) {
    process.exitCode = report(explainSystemError(error));
  }
}

/**
 * @param {string[]} argv
 * @returns {Promise<number>} the exit code
 */
async function bootstrap([name, ...args]) {
  const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..', '..'));
  const command = findCommand(name, args);
  const toolsDir = join(root, '.tools');
  const tools = describeTools(toolsDir, `${process.platform}-${process.arch}`);
  const env = withPath(withoutNpmSettings(process.env), [...tools.folders, join(root, 'node_modules', '.bin')]);
  const workspace = { root, stampFile: join(toolsDir, 'installed.json'), toolsId: tools.id };
  if (!hasTools(tools) || !hasDependencies(workspace)) await prepare({ tools, toolsDir, workspace, env });

  const folder = startingFolder(process.env, { root, folder: process.cwd(), realpath: realpathSync });
  if (command === undefined) return await runForeign(args, { folder, env });
  const entry = join(root, command.entry);
  if (!existsSync(entry)) {
    throw new BootstrapError(`${command.entry} does not exist in this version of the repository.`, {
      hint: 'see README.md for what there is today.',
    });
  }
  const options = { args: [entry, ...args], cwd: root, env: { ...env, INIT_CWD: folder }, handOnInterrupt: true };
  return await runCommand({ program: tools.node, ...options });
}

/**
 * @param {string | undefined} name
 * @param {string[]} args
 * @returns {import('./commands.mjs').Command | undefined} undefined for `exec`, which runs a program that is not ours
 */
function findCommand(name, args) {
  if (name === 'exec') {
    if (args.length > 0) return undefined;
    const hint = 'for example  npm run exec -- node --version';
    throw new BootstrapError('exec needs a program to run.', { hint, exitCode: 2 });
  }
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (name === undefined || command === undefined) {
    const hint = `the commands are ${Object.keys(commands).join(', ')}, exec.`;
    throw new BootstrapError(name === undefined ? 'which command?' : `there is no command "${name}".`, { hint, exitCode: 2 });
  }
  const swallowed = describeSwallowedFlag(name, args, process.env);
  if (swallowed !== undefined) throw new BootstrapError(swallowed.message, { hint: swallowed.hint, exitCode: 2 });
  return command;
}

/**
 * Runs any program with Node 26, pnpm and the workspace's binaries first on the path, where the person stands.
 *
 * @param {string[]} args
 * @param {{ folder: string, env: NodeJS.ProcessEnv }} options
 */
async function runForeign([program = '', ...args], { folder, env }) {
  try {
    return await runCommand({ program, args, cwd: folder, env, handOnInterrupt: false });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const hint = 'the path has Node 26, pnpm and node_modules/.bin first.';
    throw new BootstrapError(`there is no program "${program}".`, { hint, exitCode: 127 });
  }
}

/**
 * @param {{ tools: import('./tools.mjs').Tools, toolsDir: string, workspace: import('./dependencies.mjs').Workspace,
 *   env: NodeJS.ProcessEnv }} options
 */
async function prepare({ tools, toolsDir, workspace, env }) {
  mkdirSync(toolsDir, { recursive: true });
  const interruption = new AbortController();
  /** @param {NodeJS.Signals} name */
  const interrupt = (name) => interruption.abort(new InterruptedError(name));
  for (const name of stoppingSignals) process.on(name, interrupt);
  const { signal } = interruption;
  /** @type {undefined | (() => Promise<void>)} */
  let release;
  try {
    release = await acquireLock(join(toolsDir, 'lock'), { signal, onWait: sayWaiting });
    // Whoever held the lock before may have done it all.
    if (!hasTools(tools)) {
      const what = `getting Node ${nodeVersion} and pnpm ${pnpmVersion} by npm (once, about 75 MB)`;
      await withProgress(what, () => installTools(tools, { toolsDir, env, npmCli: npmCliOf(process.env), signal }));
    }
    if (!hasDependencies(workspace)) {
      const what = 'installing the packages of the workspace by pnpm';
      await withProgress(what, () => installDependencies(workspace, { pnpm: tools.pnpm, env, signal }));
    }
  } finally {
    await release?.();
    for (const name of stoppingSignals) process.off(name, interrupt);
  }
}

/** @param {string} holder */
function sayWaiting(holder) {
  process.stderr.write(`tributary: waiting for ${holder}, which is installing right now …\n`);
}

/**
 * The npm that started us, when it was npm: run by path, so that what is first on the path does not matter.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function npmCliOf(env) {
  const path = env['npm_execpath'];
  return path !== undefined && basename(path) === 'npm-cli.js' && existsSync(path) ? path : undefined;
}

/**
 * @param {unknown} error
 * @returns {number} the exit code
 */
function report(error) {
  if (error instanceof InterruptedError) {
    process.stderr.write('tributary: stopped before all was installed; the next run goes on from there.\n');
    return 128 + constants.signals[error.signal];
  }
  if (!(error instanceof BootstrapError)) throw error;
  const output = error.output.trim() === '' ? '' : `${error.output.trim().replaceAll(/^/gm, '  | ')}\n`;
  process.stderr.write(`${output}tributary: ${error.message}\n  What to do: ${error.hint}\n`);
  return error.exitCode;
}
