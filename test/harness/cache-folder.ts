/**
 * Servers that tests start and that no Debian package has: each is made once per machine, in a folder outside of the clone that stays from
 * run to run. TRIBUTARY_TEST_CACHE names another place. Root starts them as nobody, who cannot read below root's home.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { locked } from './apt.ts';

const leftover = '-unfinished-';

export function cachePath(name: string): string {
  return join(cacheFolder(), name);
}

export interface CachedThing {
  /** With its version, so that another version is another folder. */
  readonly name: string;
  /** Makes it somewhere in a folder that goes afterwards, and says where. */
  readonly make: (scratch: string) => Promise<string>;
}

/** The path of what is in the cache, after it was made if need be: by one process at a time, and there only when it is whole. */
export async function cached({ name, make }: CachedThing): Promise<string> {
  const target = cachePath(name);
  if (existsSync(target)) return target;
  await mkdir(cacheFolder(), { recursive: true });
  return await locked(async () => {
    // Another process may have been faster.
    if (existsSync(target)) return target;
    await removeLeftovers(name);
    const scratch = await mkdtemp(`${target}${leftover}`);
    try {
      const made = await make(scratch);
      await promisify(execFile)('chmod', ['-R', 'a+rX', made]);
      await rename(made, target);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    return target;
  }, `${target}.lock`);
}

function cacheFolder(): string {
  const chosen = process.env['TRIBUTARY_TEST_CACHE'];
  if (chosen !== undefined) return chosen;
  if (process.getuid?.() === 0) return '/var/cache/tributary-test';
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tributary-test');
}

/** Of a process that was killed while it made the same: a gigabyte that nobody would ever remove. */
async function removeLeftovers(name: string): Promise<void> {
  for (const entry of await readdir(cacheFolder())) {
    if (entry.startsWith(`${name}${leftover}`)) await rm(cachePath(entry), { recursive: true, force: true });
  }
}
