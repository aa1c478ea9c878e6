import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const targets = ['linux-x64', 'linux-arm64'] as const;

/** What an executable is built for. */
export type Target = (typeof targets)[number];

export function parseTarget(text: string): Target {
  const target = targets.find((known) => known === text);
  if (target === undefined) throw new Error(`there is no target ${text}; there are ${targets.join(' and ')}`);
  return target;
}

/** The target that this machine is. */
export function ownTarget(): Target {
  return parseTarget(`${process.platform}-${process.arch}`);
}

/**
 * Node's own binary for a target, of exactly the version that runs now: data injected by one version is not read by another. For
 * another machine npm brings the package that holds nothing but that binary, checks its checksum, and keeps it in `cacheFolder`.
 */
export async function nodeBinary(target: Target, cacheFolder: string): Promise<string> {
  if (target === ownTarget()) return process.execPath;
  const name = `node-${target}`;
  const { node: version } = process.versions;
  const folder = join(cacheFolder, `${name}@${version}`);
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(binary)) return binary;
  const partial = `${folder}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    writeFileSync(join(partial, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: version } }));
    await install(partial, target);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return binary;
}

/** A package for another machine is installed by force only; its checksum is checked all the same. */
async function install(folder: string, target: Target): Promise<void> {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const here = ['--prefix=.', '--location=project', '--no-global', '--no-workspaces', '--no-package-lock', '--no-bin-links'];
  try {
    await promisify(execFile)('npm', ['install', '--force', ...quiet, ...here], { cwd: folder });
  } catch (error) {
    throw new Error(`npm could not bring Node for ${target}; is the package registry reachable?`, { cause: error });
  }
}
