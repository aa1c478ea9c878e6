/**
 * Debian's packages, for tests that several processes run at once: apt-get refuses to fetch lists or to install while another does so, and
 * two that unpack the same would be in each other's way. One lock for this repository orders them.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from './programs.ts';

const run = promisify(execFile);
const tools = join(repositoryRoot, '.tools');
const commandTimeoutMs = 5 * 60_000;
const lockWaitSeconds = 9 * 60;
const common = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=240'];

/** Installs a package. */
export async function installByApt(aptPackage: string): Promise<void> {
  await locked(async () => await withLists(['install', '--no-install-recommends', ...common, aptPackage]));
}

/** Unpacks packages into a folder of `.tools`, where they are not yet; nothing of the system is changed, and no service is started. */
export async function unpackByApt(name: string, packages: readonly string[]): Promise<void> {
  await locked(async () => {
    const target = join(tools, name);
    // Another process may have been faster.
    if (existsSync(target)) return;
    const folder = await mkdtemp(`${target}-`);
    try {
      await withLists(['download', ...packages], folder);
      for (const file of await readdir(folder)) await run('dpkg-deb', ['-x', join(folder, file), join(folder, 'root')]);
      await rename(join(folder, 'root'), target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** The list of packages is fetched only when it is missing or too old. */
async function withLists(args: readonly string[], cwd = tools): Promise<void> {
  const options = { cwd, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: commandTimeoutMs };
  try {
    await run('apt-get', args, options);
  } catch {
    await run('apt-get', ['update', ...common], options);
    await run('apt-get', args, options);
  }
}

/** Runs `work` while no other process of this repository is at its own. The lock is gone with the process, however that ends. */
export async function locked<T>(work: () => Promise<T>, file = join(tools, 'apt.lock')): Promise<T> {
  await mkdir(tools, { recursive: true });
  const holder = spawn('flock', ['-w', String(lockWaitSeconds), file, 'sh', '-c', 'echo locked && exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(holder, 'close');
  try {
    const [first] = await Promise.race([once(holder.stdout, 'data'), ended]);
    if (!(first instanceof Buffer)) throw new Error(`${file} stayed locked for ${lockWaitSeconds} s`);
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
