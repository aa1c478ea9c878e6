// Node and pnpm of the pinned versions, brought by the machine's own npm into `.tools/`.
//
// Both come as npm packages that hold nothing but the binary, so no install script has to run (npm may be told to refuse them).
// The packages' checksums stand here and go into a lockfile made on the spot; npm refuses anything else a registry may send.
// The packages are installed into a folder of this process and renamed into place, so a half-finished one is never mistaken for
// a whole one.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { runInstaller } from './child.mjs';
import { BootstrapError, codeOf, explainInstallerFailure } from './failure.mjs';

export const nodeVersion = '26.10.0';
export const pnpmVersion = '12.21.0';

/**
 * Where a package of the npm registry has both binaries: the checksum of each, and the loader that they are linked against. On a
 * system without it (musl, NixOS) they would be there and yet not start.
 *
 * @type {Record<string, { loader: string, node: string, pnpm: string }>}
 */
const platforms = {
  'linux-x64': {
    loader: '/lib64/ld-linux-x86-64.so.2',
    node: 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
    pnpm: 'sha512-8eufCjHXspKbNS/kh8q4Q0gqJoOuvC4Q5pgos6XS8By/nAMtP+jf8F1Cw9er840kfAX+PJ/ts+A9qnLE91rvXQ==',
  },
  'linux-arm64': {
    loader: '/lib/ld-linux-aarch64.so.1',
    node: 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
    pnpm: 'sha512-4Oj/iF2TDCe2lcH0n4TupPR5sSdrNLclJB6xBElLMPCUOAvBhdf2rRlSaO5M4erJ6g4Fyy7YTXTpcmfFsKyxEA==',
  },
};

/**
 * @typedef {{ id: string, packages: { name: string, version: string, integrity: string }[],
 *   node: string, pnpm: string, folders: string[] }} Tools
 */

/**
 * Describes the tools of this machine. `id` changes with everything that would make other tools.
 *
 * @param {string} toolsDir
 * @param {string} platform such as "linux-x64"
 * @returns {Tools}
 */
export function describeTools(toolsDir, platform) {
  const known = platforms[platform];
  if (known === undefined || !existsSync(known.loader)) {
    throw new BootstrapError(
      `there is no ready Node ${nodeVersion} and pnpm ${pnpmVersion} for this system (${platform}${known === undefined ? '' : ' without glibc'}).`,
      {
        hint: `use one of ${Object.keys(platforms).join(', ')} with glibc, for example a Linux container or virtual machine.`,
      },
    );
  }
  const packages = [
    { name: `node-${platform}`, version: nodeVersion, integrity: known.node },
    { name: `@pnpm/exe.${platform}`, version: pnpmVersion, integrity: known.pnpm },
  ];
  const id = createHash('sha256').update(JSON.stringify(packages)).digest('hex').slice(0, 16);
  const modules = join(toolsDir, id, 'node_modules');
  const nodeDir = join(modules, `node-${platform}`, 'bin');
  const pnpmDir = join(modules, '@pnpm', `exe.${platform}`);
  return { id, packages, node: join(nodeDir, 'node'), pnpm: join(pnpmDir, 'pnpm'), folders: [nodeDir, pnpmDir] };
}

/**
 * The folder is renamed into place when it is whole, so its files being there is all there is to check.
 *
 * @param {Tools} tools
 */
export function hasTools(tools) {
  return existsSync(tools.node) && existsSync(tools.pnpm);
}

/**
 * @param {Tools} tools
 * @param {{ toolsDir: string, env: NodeJS.ProcessEnv, npmCli: string | undefined, signal: AbortSignal }} options
 */
export async function installTools(tools, { toolsDir, env, npmCli, signal }) {
  const partial = join(toolsDir, `partial-${process.pid}`);
  try {
    await removeOldTools(toolsDir);
    await mkdir(partial, { recursive: true });
    await writeFile(join(partial, 'package.json'), JSON.stringify(manifestOf(tools)));
    await writeFile(join(partial, 'package-lock.json'), JSON.stringify(lockfileOf(tools)));
    const { ok, output } = await runNpm({ cwd: partial, env, npmCli, signal });
    signal.throwIfAborted();
    const what = `getting Node ${nodeVersion} and pnpm ${pnpmVersion} by npm`;
    // npm ends well, with a warning, when a file could not be written whole.
    if (!ok || output.includes('TAR_ENTRY_ERROR')) throw explainInstallerFailure(what, output);
    const place = join(toolsDir, tools.id);
    await rename(partial, place);
    await checkThatToolsRun(tools, { what, output, signal }).catch(async (error) => {
      await rm(place, { recursive: true, force: true });
      throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/**
 * @param {Tools} tools
 * @param {{ what: string, output: string, signal: AbortSignal }} options
 */
async function checkThatToolsRun(tools, { what, output, signal }) {
  const programs = [
    { program: tools.node, version: nodeVersion },
    { program: tools.pnpm, version: pnpmVersion },
  ];
  for (const { program, version } of programs) {
    const failure = { ok: false, output: '' };
    const run = { program, args: ['--version'], cwd: dirname(program), env: process.env, signal };
    const answer = await runInstaller(run).catch((error) => ({ ...failure, output: error.message }));
    signal.throwIfAborted();
    if (answer.ok && answer.output.trim().replace(/^v/, '') === version) continue;
    throw new BootstrapError(`${what} ended well, but ${program} does not run.`, {
      hint: 'see whether the file system forbids programs (noexec) and whether a setting of npm changes what it installs (`npm config list`).',
      output: `${output}\n${answer.output}`,
    });
  }
}

/**
 * The person's npm settings stay in force where they say how to reach the registry; those that would change what is installed, or
 * where, are overruled.
 *
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, npmCli: string | undefined, signal: AbortSignal }} options
 */
async function runNpm({ cwd, env, npmCli, signal }) {
  const flags = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-global',
    '--location=project',
    '--prefix=.',
    '--no-workspaces',
  ];
  const layout = [
    '--package-lock',
    '--no-dry-run',
    '--no-offline',
    '--prefer-offline',
    '--install-strategy=hoisted',
    '--no-bin-links',
  ];
  const wanted = ['--include=prod', '--include=optional', '--no-engine-strict', '--no-progress', '--loglevel=warn'];
  // A least age of packages protects against fresh ones that nobody has looked at; these two are named by checksum.
  const age = ['--no-before', '--min-release-age=0'];
  // npm's own patience without a network is above a minute.
  const patience = ['--fetch-retry-mintimeout=2000', '--fetch-retry-maxtimeout=8000'];
  const args = ['ci', ...flags, ...layout, ...wanted, ...age, ...patience];
  const [program, first] = npmCli === undefined ? ['npm', []] : [process.execPath, [npmCli]];
  try {
    return await runInstaller({ program, args: [...first, ...args], cwd, env, signal });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new BootstrapError('npm is not on the path.', {
      hint: 'install npm (it comes with Node), then type the command again.',
    });
  }
}

/** @param {Tools} tools */
function manifestOf(tools) {
  const dependencies = Object.fromEntries(tools.packages.map(({ name, version }) => [name, version]));
  return { name: 'tributary-tools', version: '0.0.0', private: true, dependencies };
}

/** @param {Tools} tools */
function lockfileOf(tools) {
  const installed = tools.packages.map(({ name, version, integrity }) => [`node_modules/${name}`, { version, integrity }]);
  return {
    name: 'tributary-tools',
    version: '0.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifestOf(tools), ...Object.fromEntries(installed) },
  };
}

/**
 * Removes tools of earlier versions and what an interrupted run left. The lock is held, so nobody is writing them.
 *
 * @param {string} toolsDir
 */
async function removeOldTools(toolsDir) {
  for (const name of await readdir(toolsDir)) {
    if (/^(partial-\d+|[0-9a-f]{16})$/.test(name)) await rm(join(toolsDir, name), { recursive: true, force: true });
  }
}
