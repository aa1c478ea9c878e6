// The packages of the workspace, installed by pnpm exactly as pnpm-lock.yaml says. What was installed is remembered in a stamp, so
// that a run in which nothing changed starts at once and needs no network.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { runInstaller } from './child.mjs';
import { forPnpm } from './environment.mjs';
import { explainInstallerFailure } from './failure.mjs';

const manifestDepthMax = 4;
const dependencyFields = ['name', 'dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'pnpm'];

/**
 * @typedef {{ root: string, stampFile: string, toolsId: string }} Workspace
 */

/**
 * @param {Workspace} workspace
 * @returns {boolean}
 */
export function hasDependencies(workspace) {
  let stamp;
  try {
    stamp = readFileSync(workspace.stampFile, 'utf8');
  } catch {
    return false;
  }
  return stamp === describeState(workspace);
}

/**
 * @param {Workspace} workspace
 * @param {{ pnpm: string, env: NodeJS.ProcessEnv, signal: AbortSignal }} options
 */
export async function installDependencies(workspace, { pnpm, env, signal }) {
  await rm(workspace.stampFile, { force: true });
  const flags = ['--frozen-lockfile', '--prefer-offline', '--reporter=append-only'];
  // Without the second, pnpm would ask before it replaces a node_modules that something else made, and there may be nobody to ask.
  const settings = ['--prod=false', '--config.confirmModulesPurge=false'];
  const patience = ['--config.fetchRetryMintimeout=2000', '--config.fetchRetryMaxtimeout=8000'];
  const args = ['install', ...flags, ...settings, ...patience];
  const { ok, output } = await runInstaller({ program: pnpm, args, cwd: workspace.root, env: forPnpm(env), signal });
  signal.throwIfAborted();
  if (!ok) throw explainInstallerFailure('installing the packages of the workspace by pnpm', output);
  await writeFile(workspace.stampFile, describeState(workspace));
}

/**
 * Everything the installed state follows from, and what it looks like on disk: a folder removed or an installation made by hand
 * changes it.
 *
 * @param {Workspace} workspace
 */
function describeState({ root, toolsId }) {
  const hash = createHash('sha256');
  const manifests = findManifests(root, manifestDepthMax);
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, name)));
  for (const file of manifests) hash.update(JSON.stringify([relative(root, file), ...dependenciesOf(file)]));
  const installed = manifests.filter((file) => existsSync(join(dirname(file), 'node_modules')));
  const state = {
    toolsId,
    wanted: hash.digest('hex'),
    installed: installed.map((file) => relative(root, dirname(file))),
    modules: modificationTimeOf(join(root, 'node_modules', '.modules.yaml')),
  };
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

/**
 * Only what is about dependencies: a changed script or description needs no installation.
 *
 * @param {string} file
 */
function dependenciesOf(file) {
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  return dependencyFields.map((field) => manifest[field] ?? null);
}

/**
 * @param {string} folder
 * @param {number} depth
 * @returns {string[]}
 */
function findManifests(folder, depth) {
  const found = existsSync(join(folder, 'package.json')) ? [join(folder, 'package.json')] : [];
  if (depth === 1) return found;
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules' && entry.name !== 'dist',
    )
    .map((entry) => entry.name)
    .toSorted();
  return [...found, ...folders.flatMap((name) => findManifests(join(folder, name), depth - 1))];
}

/** @param {string} file */
function modificationTimeOf(file) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
